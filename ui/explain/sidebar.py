"""The left column: which picture, which model, and which of its classes."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from layerscope.datasets.picture_file import FORMATS
from layerscope.datasets.untrusted import BOUNDS
from layerscope.errors import InputError
from ui import markup
from ui.address import change
from ui.components.class_bars import ClassBar, draw_class_bars
from ui.components.crop_frame import CropFrame, draw_crop_frame
from ui.components.picture_paste import draw_paste
from ui.controls import choose
from ui.explain.address import (
    SAMPLE,
    SOURCES,
    UPLOAD,
    ExplainChoice,
    change_crop,
    change_picture,
)
from ui.explain.networks import list_networks
from ui.explain.pictures import MAX_BYTES, PHOTOS, check_upload
from ui.explain.subject import (
    ExplainSubject,
    choose_classes,
    count_uploads,
    keep_upload,
    read_upload,
)
from ui.glossary import define
from ui.markup import embed_pixels
from ui.selection import Selection

_NAMES = {SAMPLE: "Sample of the run", UPLOAD: "Upload an image"} | {
    photo.key: f"Photograph: {photo.title.lower()}" for photo in PHOTOS.values()
}
_SIDES = {"0": "Difference", "1": "Side by side"}
_NOTHING = -1  # of the lists of classes


def draw_source(selection: Selection, choice: ExplainChoice, n_samples: int) -> None:
    """The picture, and the model that it is shown to."""
    st.session_state["source"] = choice.source
    st.selectbox(
        "Picture",
        SOURCES,
        key="source",
        format_func=_NAMES.__getitem__,
        on_change=lambda: change_picture(st.session_state["source"]),
    )
    if choice.source == SAMPLE:
        _draw_sample(selection, n_samples)
        return
    if choice.source == UPLOAD:
        _draw_upload()
    networks = {network.key: network.name for network in list_networks(selection.run, False)}
    st.session_state["network"] = choice.network
    st.selectbox(
        "Model",
        tuple(networks),
        key="network",
        format_func=networks.__getitem__,
        on_change=lambda: change(
            network=st.session_state["network"], target=None, rival=None, at=None
        ),
    )


def _draw_sample(selection: Selection, n_samples: int) -> None:
    st.session_state["sample_number"] = selection.sample or 0
    st.number_input(
        "Sample",
        0,
        n_samples - 1,
        key="sample_number",
        help="The sample that is pinned in the Explorer, or any other.",
        on_change=lambda: change(sample=st.session_state["sample_number"], why=None, against=None),
    )


def _draw_upload() -> None:
    limit = f"at most {MAX_BYTES >> 20} MB and {BOUNDS.megapixels} megapixels"
    # A new field for each picture: what the browser refused as too large would stay in the old one.
    field = f"picture_file_{count_uploads()}"
    st.file_uploader(
        "Image file",
        # Not `type=`: the ending of a name says little, and a refusal of ours says more.
        key=field,
        max_upload_size=MAX_BYTES >> 20,
        help=f"{', '.join(FORMATS.values())}; {limit}. It is kept for this session.",
        label_visibility="collapsed",
        on_change=lambda: _take_file(field),
    )
    draw_paste(
        MAX_BYTES, key="picture_paste", on_paste=lambda content: _take("The pasted image", content)
    )
    _, problem = read_upload()
    if problem:
        st.html(f'<p class="refusal" role="alert">{escape(problem)}</p>')


def _take_file(field: str) -> None:
    file = st.session_state[field]
    if not isinstance(file, UploadedFile):
        return  # taken and removed already: Streamlit may call twice
    _take(file.name, file.getvalue())
    # Streamlit would keep the whole file until the session ends.
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _take(name: str, content: bytes) -> None:
    change(target=None, rival=None, why=None, against=None, crop=None)
    try:
        keep_upload(check_upload(name, content))
    except InputError as error:
        keep_upload(None, str(error))


def draw_picture(subject: ExplainSubject, choice: ExplainChoice) -> None:
    """The picture as the model sees it, or all of it with the crop; and what is known of it."""
    whole = subject.whole
    hint = "<span>drag the frame</span>" if whole and min(whole.extent) < 1 else ""
    told = f"<h3>{escape(subject.title)}{hint}</h3><p>{escape(subject.credit)}</p>"
    if whole is None:
        picture = f'<img src="{embed_pixels(subject.picture)}" alt="{escape(subject.title)}">'
        st.html(f'<div class="subject">{picture}<div>{told}</div></div>')
    else:
        height, width = whole.whole.shape[:2]
        draw_crop_frame(
            CropFrame(embed_pixels(whole.whole), width / height, whole.extent, choice.crop),
            key="crop_frame",
            on_move=change_crop,
        )
        st.html(f'<div class="subject whole">{told}</div>')
    if subject.unknown:
        st.html(f'<p class="unknown">{escape(subject.unknown)}</p>')


def draw_classes(subject: ExplainSubject, choice: ExplainChoice, true: int | None) -> None:
    """The ten most probable classes, and any other to choose.

    Parameters
    ----------
    subject : ExplainSubject
    choice : ExplainChoice
    true : int or None
        The output of the picture's true class, where that is known.
    """
    probabilities, target, contrast = subject.probabilities, subject.target, subject.contrast
    order = np.argsort(-probabilities, kind="stable")[:10]
    bars = [
        ClassBar(int(i), subject.categories[i].name, float(probabilities[i]), int(i) == true)
        for i in order
    ]
    st.html(markup.heading("Top 10", f"of {len(probabilities)}"))
    draw_class_bars(
        bars,
        target,
        contrast,
        key="explain_bars",
        on_target=lambda output: choose_classes(
            subject, choice, output, None if output == contrast else contrast
        ),
        on_contrast=lambda output: choose_classes(
            subject, choice, target, None if output == contrast else output
        ),
    )
    _draw_search(subject, choice)


def _draw_search(subject: ExplainSubject, choice: ExplainChoice) -> None:
    """Any class of the model, by its name."""
    names = [category.name for category in subject.categories]
    st.session_state["explained_class"] = subject.target
    st.session_state["other_class"] = _NOTHING if subject.contrast is None else subject.contrast
    st.selectbox(
        "Target class",
        range(len(names)),
        key="explained_class",
        format_func=names.__getitem__,
        help=f"{define('target class')} Type to search among all classes of the model.",
        on_change=lambda: choose_classes(
            subject, choice, st.session_state["explained_class"], subject.contrast
        ),
    )
    st.selectbox(
        "Contrast class",
        (_NOTHING, *(i for i in range(len(names)) if i != subject.target)),
        key="other_class",
        format_func=lambda i: "none" if i == _NOTHING else names[i],
        help=define("contrast class"),
        on_change=lambda: choose_classes(subject, choice, subject.target, _read_other()),
    )
    contrast = subject.contrast
    if contrast is not None:
        choose("both", "Compare as", tuple(_SIDES), "1" if choice.both else "0", _SIDES.__getitem__)
        st.button(
            "⇄ Swap the two",
            key="swap",
            type="tertiary",
            on_click=lambda: choose_classes(subject, choice, contrast, subject.target),
        )


def _read_other() -> int | None:
    other = int(st.session_state["other_class"])
    return None if other == _NOTHING else other
