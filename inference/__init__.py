"""Sound to canonical facial channels: decoding, features, streaming session, runtimes. No bpy, no torch."""
