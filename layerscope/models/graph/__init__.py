"""A model as a graph: every operator in its order, and the stages that they belong to."""
