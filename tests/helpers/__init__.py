"""What tests share: builders, worlds, fakes, the browser and the power switch."""
