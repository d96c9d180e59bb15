"""Why a model predicts a class: methods of explanation side by side, on any picture."""
