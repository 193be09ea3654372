"""The language: rules, codecs and their properties."""
