"""The driver app without a browser: store, sync, actions and screens."""
