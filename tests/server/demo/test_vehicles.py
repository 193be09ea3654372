"""The process of simulated vehicles: told over its input, ended with the demo."""

from pathlib import Path

import pytest

from server.demo.vehicles import LOG, Crew, Tour, crew, driving

CREW = Crew("Truck", "ABCD1234", "Nora", "2468")


def tour(folder: Path, module: str) -> Tour:
    return Tour("http://127.0.0.1:9", folder / "vehicles", 10, 1, folder, module)


@pytest.mark.timeout(60)
def test_vehicles_end_with_the_demo(tmp_path: Path) -> None:
    with driving(tour(tmp_path, "driver_app.autopilot")) as process:
        crew(process, [CREW])
        assert process.poll() is None

    assert process.returncode is not None


def test_vehicles_that_cannot_start_do_not_stop_the_demo(tmp_path: Path) -> None:
    with driving(tour(tmp_path, "no_such_module")) as process:
        process.wait()
        crew(process, [CREW])

    assert "no_such_module" in (tmp_path / "vehicles" / LOG).read_text("utf-8")


def test_codes_and_pins_never_stand_on_a_command_line(tmp_path: Path) -> None:
    with driving(tour(tmp_path, "no_such_module")) as process:
        assert CREW.code not in str(process.args)
        assert CREW.pin not in str(process.args)
