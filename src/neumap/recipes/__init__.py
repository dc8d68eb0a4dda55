"""Named settings of a mapping, as TOML files.

In: a name or a file.  Out: MappingConfig.
"""
