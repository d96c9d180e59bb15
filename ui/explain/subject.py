"""What is being explained: a picture, a model, and which of its classes."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from layerscope.datasets.categories import Category, name_label
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.models.layers import NO_CLASSES
from ui.address import change
from ui.arrays import explaining, load_samples
from ui.explain.address import SAMPLE, UPLOAD, ExplainChoice, check_model
from ui.explain.networks import open_network, run_network
from ui.explain.pictures import PHOTOS, Upload, digest_of, fit_photo, fit_upload
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
    """

    title: str
    credit: str
    picture: np.ndarray
    digest: str
    network: Network
    probabilities: np.ndarray
    target: int
    contrast: int | None
    at: str | None

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


def load_picture(
    selection: Selection, choice: ExplainChoice, inputs: Preprocessing
) -> tuple[str, str, np.ndarray]:
    """Title, credit and pixels of the picture that is chosen.

    Raises
    ------
    Unavailable
        Where the samples cannot be read.
    InputError
        Where there is no picture.
    """
    if choice.source == SAMPLE:
        uid = selection.sample or 0
        samples = load_samples(selection.run)
        with explaining(selection.run, "samples"):
            name = name_label(samples.categories, int(samples.labels[uid]))
            known = f"True class: {name}" if name else "It has no label"
            return f"Sample {uid:04d}", known, samples.picture(uid)
    if choice.source == UPLOAD:
        upload, _ = read_upload()
        if upload is None:
            raise InputError(
                "Upload an image at the left, or paste one. A link does not contain it."
            )
        note = upload.note or "Kept for this session only."
        return upload.name, note, fit_upload(upload, inputs)
    photo = PHOTOS[choice.source]
    return photo.title, photo.credit, fit_photo(photo.key, inputs)


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
    title, credit, picture = load_picture(selection, choice, network.inputs)
    n_outputs = len(network.categories)
    if not n_outputs:
        raise InputError(f"{network.name}: {NO_CLASSES}, so that there is nothing to explain")
    chosen, rival, at, refused = check_model(
        choice, n_outputs, [each.key for each in network.layers]
    )
    if choice.is_of_run:
        chosen, rival = selection.why, selection.against
    digest = digest_of(picture)
    probabilities = _predict(network, digest, picture)
    target = int(probabilities.argmax()) if chosen is None else chosen
    contrast = rival if rival != target else None
    subject = ExplainSubject(
        title, credit, picture, digest, network, probabilities, target, contrast, at
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
