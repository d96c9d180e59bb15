"""Why a model answers as it does: methods of explanation beside one another, on any picture."""
