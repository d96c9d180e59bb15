"""Logits and probabilities of many pictures."""

from __future__ import annotations

import numpy as np
import torch

from layerscope.models.registry import Classifier

_BATCH = 8  # more is no faster on two cores


def compute_logits(classifier: Classifier, pictures: np.ndarray) -> np.ndarray:
    """Logits (N, K) float32 of pictures (N, S, S, 3) uint8, a few in memory at a time."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(pictures), _BATCH):
            inputs = classifier.to_inputs(pictures[start : start + _BATCH])
            found.append(classifier.module(inputs).float().cpu().numpy())
    return np.concatenate(found)


def compute_probabilities(classifier: Classifier, pictures: np.ndarray, output: int) -> np.ndarray:
    """The probability of one output for each picture, (N,) float32."""
    logits = torch.from_numpy(compute_logits(classifier, pictures))
    return logits.softmax(dim=1)[:, output].numpy()
