"""What is being explained: a picture, a model, and which of its classes."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from layerscope.datasets.categories import Category, name_label
from layerscope.errors import InputError
from layerscope.models.layers import NO_CLASSES
from ui.address import change
from ui.arrays import explaining, load_predictions, load_samples
from ui.explain.address import SAMPLE, UPLOAD, ExplainChoice, check_model
from ui.explain.networks import open_network, run_network
from ui.explain.pictures import PHOTOS, Framed, Upload, digest_of, fit_photo, fit_upload
from ui.live.explanations import Network, Score
from ui.selection import Selection


@dataclass(frozen=True)
class ExplainSubject:
    """A picture shown to a model.

    Attributes
    ----------
    title, credit : str
        Of the picture.
    picture : ndarray of uint8, (H, W, C)
    whole : Framed or None
        Where the picture is more than the model sees of it.
    digest : str
        What tells the picture from all others.
    network : Network
    probabilities : ndarray of float32, (K,)
    target : int
        The output that is explained.
    contrast : int or None
        The one that is subtracted from it.
    at : str or None
        Layer of class activation maps.
    unknown : str
        One line where the model has no output for what is in the picture; empty where it has, or where
        nobody knows.
    """

    title: str
    credit: str
    picture: np.ndarray
    whole: Framed | None
    digest: str
    network: Network
    probabilities: np.ndarray
    target: int
    contrast: int | None
    at: str | None
    unknown: str = ""

    @property
    def categories(self) -> tuple[Category, ...]:
        """Of the model's outputs."""
        return self.network.categories

    @property
    def score(self) -> Score:
        """What is explained."""
        return Score(self.network.source, self.target, self.contrast)

    @property
    def asked(self) -> str:
        """What is explained, in words."""
        name = self.categories[self.target].name
        return (
            name
            if self.contrast is None
            else f"{name} rather than {self.categories[self.contrast].name}"
        )


def keep_upload(upload: Upload | None, problem: str | None = None) -> None:
    """Remember the uploaded image, or why it was refused, for this session only."""
    st.session_state["explain_upload"] = upload
    st.session_state["explain_refusal"] = problem
    st.session_state["explain_uploads"] = count_uploads() + 1


def read_upload() -> tuple[Upload | None, str | None]:
    """The uploaded image, and why the last file was refused."""
    state: MutableMapping[str, Any] = st.session_state  # type: ignore[assignment]
    return state.get("explain_upload"), state.get("explain_refusal")


def count_uploads() -> int:
    """How many files were taken or refused in this session."""
    return int(st.session_state.get("explain_uploads", 0))


@dataclass(frozen=True)
class _Loaded:
    """A picture that is chosen: title, credit, what the model sees, and all of it where that is more."""

    title: str
    credit: str
    picture: np.ndarray
    whole: Framed | None = None
    unknown: str = ""


def _load_picture(selection: Selection, choice: ExplainChoice, network: Network) -> _Loaded:
    """Raises `Unavailable` where samples cannot be read, and `InputError` where there is no picture."""
    if choice.source == SAMPLE:
        return _load_sample(selection, network)
    across, down = choice.crop
    inputs = replace(network.inputs, position=(down / 100, across / 100))
    if choice.source == UPLOAD:
        upload, _ = read_upload()
        if upload is None:
            raise InputError(
                "Upload an image at the left, or paste one. A link does not contain it."
            )
        framed = fit_upload(upload, inputs)
        note = upload.note or "Kept for this session only."
        return _Loaded(upload.name, note, framed.picture, framed)
    photo = PHOTOS[choice.source]
    framed = fit_photo(photo.key, inputs)
    unknown = "" if photo.is_known(network.categories) else tell_unknown(network, photo.shows)
    return _Loaded(photo.title, photo.credit, framed.picture, framed, unknown)


def _load_sample(selection: Selection, network: Network) -> _Loaded:
    uid = selection.sample or 0
    samples = load_samples(selection.run)
    with explaining(selection.run, "samples"):
        label = int(samples.labels[uid])
        name = name_label(samples.categories, label)
        picture = samples.picture(uid)
    unknown = ""
    if (
        name
        and network.categories
        and load_predictions(selection.run).targets(np.array([label]))[0] < 0
    ):
        unknown = tell_unknown(network, name)
    known = f"True class: {name}" if name else "It has no label"
    return _Loaded(f"Sample {uid:04d}", known, picture, unknown=unknown)


def tell_unknown(network: Network, shows: str) -> str:
    """One line on a model that cannot be right about a picture."""
    return f"{network.name} has no output for {shows}: whatever it predicts here is wrong."


def read_subject(selection: Selection, choice: ExplainChoice) -> tuple[ExplainSubject, list[str]]:
    """What the address asks to explain, and the names of values that the model does not have.

    Raises
    ------
    Unavailable
        Where the samples cannot be read.
    InputError
        In one line, where there is no picture or no model.
    """
    network = open_network(choice.network, selection.run)
    loaded = _load_picture(selection, choice, network)
    n_outputs = len(network.categories)
    if not n_outputs:
        raise InputError(f"{network.name}: {NO_CLASSES}, so that there is nothing to explain")
    chosen, rival, at, refused = check_model(
        choice, n_outputs, [each.key for each in network.layers]
    )
    if choice.is_of_run:
        chosen, rival = selection.why, selection.against
    digest = digest_of(loaded.picture)
    probabilities = _predict(network, digest, loaded.picture)
    target = int(probabilities.argmax()) if chosen is None else chosen
    contrast = rival if rival != target else None
    subject = ExplainSubject(
        loaded.title,
        loaded.credit,
        loaded.picture,
        loaded.whole,
        digest,
        network,
        probabilities,
        target,
        contrast,
        at,
        loaded.unknown,
    )
    return subject, refused


@st.cache_resource(
    max_entries=64, show_spinner="Running the model …", hash_funcs={Network: lambda n: n.source}
)
def _predict(network: Network, digest: str, _picture: np.ndarray) -> np.ndarray:
    probabilities = run_network(network, _picture[None])[0]
    probabilities.flags.writeable = False
    return probabilities


def choose_classes(
    subject: ExplainSubject, choice: ExplainChoice, target: int, contrast: int | None
) -> None:
    """Write the outputs to explain to the address: of the run's model for all pages to see."""
    names = ("why", "against") if choice.is_of_run else ("target", "rival")
    chosen = None if target == int(subject.probabilities.argmax()) else target
    change(**dict(zip(names, (chosen, contrast), strict=True)))
