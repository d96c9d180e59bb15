"""The one exception that means "the input is wrong", not "the program is wrong"."""


class InputError(ValueError):
    """Input that cannot be used. Its message is one line: what is wrong, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))
