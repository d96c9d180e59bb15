"""What a run keeps: its samples, a model's predictions of them, and the blocks that work is done in."""
