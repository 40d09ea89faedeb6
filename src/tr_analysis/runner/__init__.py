"""Running chapters: kernels, side by side, published whole, and only what changed."""
