"""How it is drawn: meshes, the z-buffer, painted skin, light."""
