"""Pictures of layers, drawn as the guide draws them: placements of a window over a padded input, and the matrix C."""
