"""Turn the character's parts into Blender objects: collection "Demo character", head empty, materials."""

from __future__ import annotations

import bpy
import numpy as np

from .part import Part

COLLECTION = "Demo character"
HEAD_PIVOT = (0.0, 0.18, -0.98)
"""The head nods and turns about the top of the neck, which the collar hides."""


def material(part: Part) -> bpy.types.Material:
    """A principled material that takes its colour from the vertex colours."""
    made = bpy.data.materials.new(part.name)
    made.use_nodes = True
    tree = made.node_tree
    shader = tree.nodes["Principled BSDF"]
    tint = tree.nodes.new("ShaderNodeVertexColor")
    tint.layer_name = "Tint"
    tree.links.new(tint.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = part.roughness
    if part.glow:
        tree.links.new(tint.outputs["Color"], shader.inputs["Emission Color"])
        shader.inputs["Emission Strength"].default_value = part.glow
    made.diffuse_color = (*part.colours.mean(0), 1.0)
    made.roughness = part.roughness
    return made


def mesh_of(part: Part) -> bpy.types.Mesh:
    """Mesh data with smooth shading and the ``Tint`` colour attribute."""
    mesh = bpy.data.meshes.new(part.name)
    mesh.from_pydata(part.vertices.tolist(), [], part.faces)
    mesh.shade_smooth()
    tint = mesh.color_attributes.new("Tint", "FLOAT_COLOR", "POINT")
    rgba = np.concatenate([part.colours, np.ones((len(part.colours), 1))], axis=1)
    tint.data.foreach_set("color", rgba.astype(np.float32).ravel())
    mesh.materials.append(material(part))
    return mesh


def add_keys(target: bpy.types.Object, part: Part) -> None:
    """Basis and one shape key per displacement field, in the part's order."""
    target.shape_key_add(name="Basis", from_mix=False)
    for name, delta in part.keys.items():
        key = target.shape_key_add(name=name, from_mix=False)
        key.value = 0.0  # Blender 5 starts at 1
        key.data.foreach_set("co", (part.vertices + delta).astype(np.float32).ravel())


def build_objects(parts: list[Part]) -> bpy.types.Object:
    """Make every part in the collection, parented to the empty ``Head``; return the empty."""
    collection = bpy.data.collections.new(COLLECTION)
    bpy.context.scene.collection.children.link(collection)
    head = bpy.data.objects.new("Head", None)
    head.empty_display_size = 0.4
    head.location = HEAD_PIVOT
    head.rotation_mode = "XYZ"
    collection.objects.link(head)
    for part in parts:
        made = bpy.data.objects.new(part.name, mesh_of(part))
        collection.objects.link(made)
        if part.keys:
            add_keys(made, part)
        if part.moves:
            made.parent = head
            made.location = [-c for c in HEAD_PIVOT]
    return head
