"""The worker's timetable: what is rung for is there, and what is there is rung for."""

from trustcenter.celery import TIMETABLE, app


def test_each_task_of_the_worker_has_its_time():
    app.loader.import_default_modules()
    assert set(TIMETABLE) == {name for name in app.tasks if not name.startswith("celery.")}
