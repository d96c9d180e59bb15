"""Attention as it is called: against timm's own, torch's own and numbers by hand; and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.errors import InputError
from layerscope.explanation.attention import Rollout, Tokens, find_attention, find_tokens, watching
from layerscope.explanation.registry import attribute, list_unsupported
from layerscope.models.layer_table import layer_table
from layerscope.models.registry import Classifier
from layerscope.vision import torchvision
from tests.layerscope.explanation.test_guided import classify, paint, small_net

import timm  # isort: skip  (needs what layerscope.vision prepares)

pytestmark = pytest.mark.usefixtures("one_thread")
SIDE = 64
VITS: dict[str, dict[str, Any]] = {
    "vit_tiny_patch16_224": {},
    "deit_tiny_distilled_patch16_224": {},  # two tokens before the places
    "vit_small_patch14_reg4_dinov2": {"img_size": 56},  # a class token and four registers
    "vit_medium_patch16_gap_256": {},  # no class token
    "eva02_tiny_patch14_224": {"img_size": 56},  # rotary positions
    "beit_base_patch16_224": {},  # a bias of its own for each pair of places
    "vit_base_patch16_clip_224": {},
}
N_BEFORE = (1, 2, 5, 0, 1, 1, 1)


def build(name: str, seed: int = 0, **settings: Any) -> Classifier:
    """A network of timm with random weights, of two blocks and on small pictures."""
    torch.manual_seed(seed)
    settings = {"img_size": SIDE, "num_classes": 5, **settings}
    module = timm.create_model(name, pretrained=False, **settings)
    return classify(module.requires_grad_(False), settings["img_size"])


def vit(name: str, **settings: Any) -> Classifier:
    return build(name, **{"depth": 2, **VITS[name], **settings})


def small_vit() -> nn.Module:
    """Two blocks of three heads on four by four places of pictures of 32 pixels, ten outputs."""
    torch.manual_seed(0)
    settings = {"img_size": 32, "patch_size": 8, "depth": 2, "num_classes": 10}
    return timm.create_model("vit_tiny_patch16_224", pretrained=False, **settings)


def watch(classifier: Classifier, pictures: np.ndarray) -> list[tuple[str, Tensor]]:
    found: list[tuple[str, Tensor]] = []
    with torch.no_grad(), watching(classifier.module, lambda *met: found.append(met)):
        classifier.module(classifier.to_inputs(pictures))
    return found


def pictures_of(classifier: Classifier, n: int = 2) -> np.ndarray:
    return paint(n, classifier.inputs.size[0])


# --- met as it is called -------------------------------------------------------------------------


def _softmax(scores: np.ndarray) -> np.ndarray:
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


class _Written(nn.Module):
    """One attention of two heads, written in some way, on fixed queries, keys and values."""

    def __init__(self, write: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.inner = nn.Identity()
        self.write = write

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.inner(x)
        return self.write(query, key, value)


WAYS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "fused": functional.scaled_dot_product_attention,
    "fused by name": lambda q, k, v: functional.scaled_dot_product_attention(
        query=q, key=k, value=v
    ),
    "matmul": lambda q, k, v: (q @ k.transpose(-2, -1) / 2).softmax(dim=-1) @ v,
    "einsum": lambda q, k, v: torch.einsum(
        "bhij,bhjd->bhid", functional.softmax(torch.einsum("bhid,bhjd->bhij", q / 2, k), -1), v
    ),
    "bmm": lambda q, k, v: torch.bmm(
        torch.softmax(torch.bmm(q.flatten(0, 1) / 2, k.flatten(0, 1).transpose(1, 2)), 2),
        v.flatten(0, 1),
    ),
    "dropout": lambda q, k, v: (
        functional.dropout(nn.Softmax(dim=3)(q @ k.transpose(-2, -1) / 2), 0.5, False) @ v
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_weights_are_the_softmax_of_queries_on_keys_however_it_is_written(
    way: Callable[[Tensor, Tensor, Tensor], Tensor],
) -> None:
    x = torch.randn(
        3, 2, 2, 5, 4, generator=torch.Generator().manual_seed(0)
    )  # qkv, n, heads, L, d
    found: list[tuple[str, Tensor]] = []
    module = _Written(way)
    with watching(module, lambda *met: found.append(met)):
        result = module(x)
    assert torch.equal(result, module(x))
    [(path, weights)] = found
    query, key, _ = x.numpy()
    expected = _softmax(query @ key.swapaxes(-2, -1) / 2)
    assert path == ""
    np.testing.assert_allclose(weights.reshape(2, 2, 5, 5), expected, atol=1e-6)


def test_a_mask_and_a_scale_count() -> None:
    query, key, value = torch.randn(3, 1, 1, 4, 2, generator=torch.Generator().manual_seed(1))
    mask = torch.tensor([[True, False, True, True]] * 4)
    module = _Written(
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, mask, scale=3.0)
    )
    found: list[Tensor] = []
    with watching(module, lambda _, weights: found.append(weights)):
        module(torch.stack([query, key, value]))
    scores = 3 * query.numpy() @ key.numpy().swapaxes(-2, -1)
    expected = _softmax(np.where(mask.numpy(), scores, -np.inf))
    np.testing.assert_allclose(found[0], expected, atol=1e-6)
    assert (found[0][..., 1] == 0).all()


def test_a_softmax_that_weighs_no_values_is_none() -> None:
    # Classes, gates, and a matrix product of something else.
    class Gated(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            gates = x.softmax(dim=1)
            return ((x @ x) * gates).softmax(dim=-1).sum(dim=1).softmax(dim=-1)

    found: list[Tensor] = []
    with watching(Gated(), lambda _, weights: found.append(weights)) as _:
        Gated()(torch.randn(2, 4, 4))
    assert found == []


@pytest.mark.parametrize("need_weights", [False, True])
def test_torchs_multi_head_attention_gives_what_it_can_be_asked_for(need_weights: bool) -> None:
    torch.manual_seed(0)
    module = nn.MultiheadAttention(8, 2, batch_first=True).eval().requires_grad_(False)
    x = torch.randn(3, 5, 8)
    found: list[Tensor] = []
    with watching(module, lambda _, weights: found.append(weights)):
        result, told = module(x, x, x, need_weights=need_weights)
    expected, weights = module(x, x, x, average_attn_weights=False)
    assert len(found) == 1
    torch.testing.assert_close(found[0], weights)
    torch.testing.assert_close(result, expected)
    assert (told is not None) == need_weights
    if told is not None:
        torch.testing.assert_close(told, weights.mean(dim=1))


def _by_timm(classifier: Classifier, pictures: np.ndarray) -> dict[str, Tensor]:
    """Weights of each block as they enter timm's dropout of attention, without fused attention."""
    kept, handles = {}, []
    for path, part in classifier.module.named_modules():
        if hasattr(part, "fused_attn"):
            part.fused_attn = False

            def keep(_: nn.Module, inputs: tuple[Tensor, ...], path: str = path) -> None:
                kept[path] = inputs[0].clone()

            handles.append(part.attn_drop.register_forward_pre_hook(keep))
    with torch.no_grad():
        classifier.module(classifier.to_inputs(pictures))
    for handle in handles:
        handle.remove()
    return kept


@pytest.mark.parametrize("name", [*VITS, "swin_tiny_patch4_window7_224"])
def test_weights_are_timms_own_fused_or_not(name: str) -> None:
    one = vit(name) if name in VITS else build(name, depths=(2, 2), num_classes=5, img_size=56)
    pictures = pictures_of(one)
    for part in one.module.modules():
        if hasattr(part, "fused_attn"):
            part.fused_attn = True  # which Swin leaves off by itself
    fused = watch(one, pictures)
    expected = _by_timm(one, pictures)
    apart = watch(one, pictures)
    for found in (fused, apart):
        assert [path.removesuffix(".attn_drop") for path, _ in found] == list(expected)
        for (_, weights), own in zip(found, expected.values(), strict=True):
            torch.testing.assert_close(weights, own, rtol=1e-4, atol=1e-6)
            torch.testing.assert_close(weights.sum(dim=-1), torch.ones(weights.shape[:-1]))


def test_torchvisions_transformer_is_met_in_every_block() -> None:
    torch.manual_seed(0)
    module = torchvision.models.VisionTransformer(32, 16, 3, 2, 12, 24, num_classes=5)
    one = classify(module.requires_grad_(False), 32)
    found = watch(one, pictures_of(one))
    assert [tuple(weights.shape) for _, weights in found] == [(2, 2, 5, 5)] * 3
    assert all(path.endswith("self_attention") for path, _ in found)
    assert "attention_rollout" not in list_unsupported(one)


def test_the_model_is_left_as_it_was_also_after_an_exception() -> None:
    one = vit("vit_tiny_patch16_224")
    inputs = one.to_inputs(pictures_of(one))
    before = one.module(inputs)

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watching(one.module, fail):
        one.module(inputs)
    with watching(one.module, lambda *_: None):
        torch.testing.assert_close(one.module(inputs), before)
    parts = list(one.module.modules())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in parts)


# --- maps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "n_before"), list(zip(VITS, N_BEFORE, strict=True)))
def test_tokens_are_places_and_those_before_them(name: str, n_before: int) -> None:
    tokens = find_tokens(vit(name))
    assert tokens is not None
    assert (tokens.n_before, tokens.height, tokens.width) == (n_before, 4, 4)
    assert tokens.has_class == (n_before > 0)


class _Own(nn.Module):
    """A transformer as people write them, with a class token and places that are no square."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Conv2d(3, 16, (8, 16), (8, 16))
        self.cls_token = nn.Parameter(torch.randn(1, 1, 16))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(16, 4, 32, batch_first=True) for _ in range(3)
        )
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])


def test_tokens_of_ones_own_model_are_told_by_its_table_of_layers() -> None:
    one = classify(_Own().requires_grad_(False), 32)
    assert find_tokens(one) == Tokens(1, 4, 2, True)
    found = attribute("attention_rollout", one, pictures_of(one), np.array([0, 1])).maps
    assert found is not None and found.shape == (2, 4, 2)
    maps = find_attention(one, pictures_of(one), "blocks.1")
    assert maps is not None and maps.shape == (2, 4, 4, 2)


@pytest.mark.parametrize("name", VITS)
def test_what_timm_says_of_tokens_is_what_the_table_of_layers_says(name: str) -> None:
    one = vit(name)
    layouts = {layer.layout for layer in layer_table(one) if layer.key.startswith("blocks")}
    tokens = find_tokens(one)
    assert tokens is not None
    before = f"{tokens.n_before}+" if tokens.n_before else ""
    assert layouts == {f"n {before}(y x) c"}


def test_maps_of_a_layer_are_its_rows_without_what_is_no_place() -> None:
    one = vit("vit_small_patch14_reg4_dinov2")
    pictures = pictures_of(one)
    weights = watch(one, pictures)[1][1].numpy()  # (2, heads, 21, 21)
    found = find_attention(one, pictures, "blocks.1")
    assert found is not None
    np.testing.assert_allclose(found, weights[:, :, 0, 5:].reshape(2, -1, 4, 4), rtol=1e-6)
    place = find_attention(one, pictures, "blocks.1", query=6)
    assert place is not None
    np.testing.assert_allclose(place, weights[:, :, 11, 5:].reshape(2, -1, 4, 4), rtol=1e-6)
    assert find_attention(one, pictures, "blocks.1.mlp") is None
    assert find_attention(one, pictures, "blocks") is not None


def test_without_a_class_token_it_is_the_mean_over_places() -> None:
    one = vit("vit_medium_patch16_gap_256")
    pictures = pictures_of(one)
    weights = watch(one, pictures)[0][1].numpy()
    found = find_attention(one, pictures, "blocks.0")
    assert found is not None
    np.testing.assert_allclose(found, weights.mean(axis=2).reshape(2, -1, 4, 4), rtol=1e-5)
    np.testing.assert_allclose(found.sum(axis=(2, 3)), 1, rtol=1e-5)


def test_windows_have_no_maps() -> None:
    one = build("swin_tiny_patch4_window7_224", depths=(2, 2), img_size=56)
    assert find_attention(one, pictures_of(one), "layers.0") is None


# --- rollout -------------------------------------------------------------------------------------


def test_rollout_of_a_hand_computed_example() -> None:
    # Two heads whose mean is [[.5, .5], [0, 1]], then one of [[.2, .8], [.6, .4]]. With half of I:
    # [[.75, .25], [0, 1]] and [[.6, .4], [.3, .7]]; the second times the first is the result.
    first = torch.tensor([[[[1.0, 0.0], [0, 1]], [[0.0, 1], [0, 1]]]])
    second = torch.tensor([[[[0.2, 0.8], [0.6, 0.4]]]])
    rollout = Rollout()
    rollout.add(first)
    np.testing.assert_allclose(rollout.joint, [[[0.75, 0.25], [0, 1]]])
    rollout.add(second)
    np.testing.assert_allclose(rollout.joint, [[[0.45, 0.55], [0.225, 0.775]]], rtol=1e-6)


@pytest.mark.parametrize("name", VITS)
def test_the_method_is_the_product_of_timms_own_matrices(name: str) -> None:
    one = vit(name)
    pictures = pictures_of(one)
    found = attribute("attention_rollout", one, pictures, np.array([0, 3]))
    joint = np.eye(_by_timm(one, pictures)["blocks.0.attn"].shape[-1])
    for weights in _by_timm(one, pictures).values():
        joint = (0.5 * weights.numpy().mean(axis=1) + 0.5 * np.eye(joint.shape[-1])) @ joint
    tokens = find_tokens(one)
    assert tokens is not None and found.maps is not None
    np.testing.assert_allclose(joint.sum(axis=-1), 1, rtol=1e-5)
    row = joint[:, 0] if tokens.has_class else joint.mean(axis=1)
    expected = row[:, tokens.n_before :].reshape(2, 4, 4)
    np.testing.assert_allclose(found.maps, expected, rtol=1e-4)
    assert found.values.shape == (2, *one.inputs.size)
    assert (found.values > 0).all()


def test_a_picture_alone_is_as_among_others_and_no_output_matters() -> None:
    one = vit("vit_tiny_patch16_224")
    pictures = pictures_of(one, 6)
    together = attribute("attention_rollout", one, pictures, np.arange(6) % 5).values
    alone = attribute("attention_rollout", one, pictures[4:5], np.array([2])).values
    np.testing.assert_allclose(together[4:5], alone, rtol=1e-5)
    assert not np.allclose(together[0], together[1], rtol=1e-5)


def test_it_follows_where_the_class_token_looks() -> None:
    # Queries of the class token meet keys of one place alone, which its own position makes.
    one = vit("vit_tiny_patch16_224", depth=1)
    block = one.module.blocks[0]
    with torch.no_grad():
        block.norm1 = nn.Identity()
        block.attn.qkv.weight.zero_()
        block.attn.qkv.bias.zero_()
        one.module.pos_embed.zero_()
        one.module.patch_embed.proj.weight.zero_()
        one.module.patch_embed.proj.bias.zero_()
        one.module.cls_token.zero_()
        one.module.cls_token[..., 0] = 1
        one.module.pos_embed[:, 1 + 6, 1] = 1
        width = one.module.embed_dim
        block.attn.qkv.weight[0, 0] = 50  # of queries, what the class token has
        block.attn.qkv.weight[width, 1] = 50  # of keys, what the seventh place has
    found = attribute("attention_rollout", one, pictures_of(one, 1), np.array([0])).maps
    assert found is not None
    assert found[0].argmax() == 6
    # The first of three heads looks there alone; the others, and the rest, look everywhere alike.
    expected = np.full(16, 2 / 3 / 17 / 2)
    expected[6] += 1 / 3 / 2
    np.testing.assert_allclose(found[0].ravel(), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("swin_tiny_patch4_window7_224", {"img_size": 56, "depths": (2, 2)}, "within windows"),
        ("hiera_tiny_224", {"img_size": 224}, "tokens attend to"),
        ("xcit_nano_12_p16_224", {"img_size": 64}, "tokens attend to"),
        ("cait_xxs24_224", {"img_size": 64}, "1 tokens attend to 17"),
        ("vit_base_patch16_siglip_224", {"depth": 2}, "1 tokens attend to 16"),
    ],
)
def test_other_attention_is_refused_in_one_line(
    name: str, settings: dict[str, Any], reason: str
) -> None:
    one = build(name, **settings)
    told = list_unsupported(one)["attention_rollout"]
    assert reason in told and "\n" not in told and one.name in told
    with pytest.raises(InputError, match=reason):
        attribute("attention_rollout", one, pictures_of(one, 1), np.array([0]))


def test_networks_without_attention_are_refused() -> None:
    one = classify(small_net(), 12)
    assert "no attention" in list_unsupported(one)["attention_rollout"]
    with pytest.raises(InputError, match="no attention"):
        attribute("attention_rollout", one, paint(1, 12), np.array([0]))
