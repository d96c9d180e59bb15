"""Why a prediction was made: methods and their registry, and how maps are drawn and measured."""
