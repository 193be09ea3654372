"""The language the phone and the server both speak: models and pure rules."""
