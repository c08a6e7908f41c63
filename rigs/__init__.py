"""What a face is: canonical names, retargeting, and the scene modules that read and write Blender data."""
