"""Pictures as spectra: there and back, frequencies and colours by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from layerscope.features.spectrum import draw_spectrum, to_picture, to_spectrum, whiten


def levels(pixels: torch.Tensor) -> np.ndarray:
    return (255 * pixels[0].permute(1, 2, 0)).round().numpy().astype(np.uint8)


def blank(side: int) -> torch.Tensor:
    return torch.zeros(1, 3, side, side // 2 + 1, dtype=torch.complex64)


def test_no_coefficients_are_mid_grey() -> None:
    assert torch.equal(to_picture(blank(8), (8, 8)), torch.full((1, 3, 8, 8), 0.5))


@pytest.mark.parametrize("shape", [(8, 8, 3), (15, 15, 3), (64, 64, 3), (12, 31, 3), (31, 12, 1)])
def test_a_picture_comes_back(shape: tuple[int, int, int]) -> None:
    picture = np.random.default_rng(0).integers(2, 254, shape, dtype=np.uint8)
    np.testing.assert_array_equal(
        levels(to_picture(to_spectrum(picture), picture.shape[:2])), picture
    )


def test_black_and_white_come_back_within_two_levels() -> None:
    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    picture[:, ::2] = 255
    found = levels(to_picture(to_spectrum(picture), picture.shape[:2]))
    np.testing.assert_array_equal(found, np.where(picture == 255, 253, 2))


def test_one_coefficient_is_one_wave_of_its_frequency() -> None:
    spectrum = blank(16)
    spectrum[0, 0, 0, 2] = 1.0  # brightness, twice across
    logits = to_picture(spectrum, (16, 16)).logit()[0]
    wave = torch.cos(2 * torch.pi * 2 * torch.arange(16) / 16)
    for plane in logits:
        shape = plane[0] / plane[0, 0]
        torch.testing.assert_close(plane, plane[:1].expand(16, 16), atol=1e-5, rtol=0)
        torch.testing.assert_close(shape, wave, atol=1e-4, rtol=0)


def test_slow_waves_are_stronger_by_their_period() -> None:
    def amplitude(frequency: int) -> float:
        spectrum = blank(32)
        spectrum[0, 0, 0, frequency] = 0.01
        return float(to_picture(spectrum, (32, 32)).logit().abs().max())

    assert amplitude(1) / amplitude(8) == pytest.approx(8, rel=1e-3)
    assert amplitude(2) / amplitude(4) == pytest.approx(2, rel=1e-3)
    # The mean is four times as strong, but a wave's coefficient counts twice: it has a conjugate.
    assert amplitude(0) / amplitude(1) == pytest.approx(4 / 2, rel=1e-3)


def test_a_whitened_gradient_does_not_know_how_strong_frequencies_are() -> None:
    # An impulse has all frequencies alike; its gradient by coefficients has their strengths.
    spectrum = blank(16).requires_grad_()
    impulse = torch.zeros(1, 3, 16, 16)
    impulse[:, :, 0, 0] = 1
    (gradient,) = torch.autograd.grad(to_picture(spectrum, (16, 16)), spectrum, impulse)
    edges = gradient.abs()[0, 0]
    assert edges[0, 1] > 5 * edges[8, 7]
    inner = whiten(gradient, (16, 16)).abs()[0, 0, :, 1:-1]  # whose coefficients count twice
    torch.testing.assert_close(inner, torch.ones_like(inner))
    torch.testing.assert_close(whiten(1e-12 * gradient, (16, 16)), whiten(gradient, (16, 16)))
    assert torch.equal(whiten(0 * gradient, (16, 16)), 0 * gradient)


def test_colours_go_together_as_in_imagenet() -> None:
    # From white noise in the decorrelated planes. By hand from the published matrix with the rows
    # (26, 9, 2), (27, 0, -5), (27, -9, 3): red and green 692 / sqrt(761 * 754), and so on.
    planes = (
        to_picture(draw_spectrum((128, 128, 3), 0), (128, 128)).logit()[0].diff(dim=-1).flatten(1)
    )
    expected = torch.tensor([[1, 0.914, 0.794], [0.914, 1, 0.909], [0.794, 0.909, 1]])
    torch.testing.assert_close(torch.corrcoef(planes), expected, atol=0.02, rtol=0)


def test_noise_is_nearly_grey_and_repeats() -> None:
    one, again, other = (
        to_picture(draw_spectrum((64, 64, 3), seed), (64, 64)) for seed in (3, 3, 4)
    )
    assert torch.equal(one, again) and not torch.allclose(one, other, atol=1e-3)
    assert 0.001 < (one - 0.5).abs().mean() < 0.05


def test_the_gradient_reaches_every_coefficient() -> None:
    spectrum = draw_spectrum((16, 16, 3), 0).requires_grad_()
    weights = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    (to_picture(spectrum, (16, 16)) * weights).sum().backward()
    assert spectrum.grad is not None and spectrum.grad.isfinite().all()
    assert (spectrum.grad.abs() > 0).all()
