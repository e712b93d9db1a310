"""What only developers of this project need: the local cluster, the images, the demo."""
