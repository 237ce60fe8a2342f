"""The call: where messages go, in whose name, and what becomes of them when an endpoint is unwell."""

import contextlib
import json

import jsonschema
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks.webhooks import Webhook

import loon
import rabbitmq_server
from messages_support import Hook, RABBIT_PORT, SECRET, caller, hook, sent  # noqa: F401


SCHEMA = json.loads((loon.ROOT / "config/schema/task-event.json").read_text())


def event(request):
    """A request as the SDK reads it, and as its own schema wants it."""
    path, headers, body, _ = request
    read = from_http_event(HTTPMessage(headers=headers, body=body))
    whole = {**{name: value for name, value in read.get_attributes().items()}, "data": read.get_data()}
    whole["time"] = whole["time"].isoformat().replace("+00:00", "Z")
    jsonschema.validate(whole, SCHEMA, format_checker=jsonschema.FormatChecker())
    return whole


# MARK: Webhooks


@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_a_webhook(caller, hook, mode):
    task_id = caller.submit("select 'ä\"<>&' as x", f"mq-notify-by=webhook, mq-mode={mode}, mq-endpoint={hook.url()}")
    row = caller.await_task(task_id, sent)
    assert (row["mq_status"], row["mq_message_id"], row["mq_endpoint"]) == ("SUCCESS", task_id + ".1", hook.url())
    path, headers, body, _ = hook.got[0]
    assert path == "/hook?a=b" and len(hook.got) == 1
    Webhook(SECRET).verify(body, headers)
    with pytest.raises(Exception):
        Webhook(SECRET).verify(body + b" ", headers)
    assert headers["content-type"].startswith(
        "application/json" if mode == "binary" else "application/cloudevents+json"
    )
    whole = event(hook.got[0])
    assert (whole["id"], whole["type"], whole["subject"], whole["sequence"]) == (
        task_id + ".1",
        "loon.task.success",
        task_id,
        "0000000001",
    )
    assert whole["data"]["command"] == row["command"] and whole["data"]["row_count"] == 1


def test_events_of_the_start(caller, hook):
    task_id = caller.submit("select 1", f"mq-notify-by=webhook, notify-on=start,finish, mq-endpoint={hook.url()}")
    caller.await_task(task_id, sent)
    assert [(event(got)["id"], event(got)["type"]) for got in hook.got] == [
        (task_id + ".1", "loon.task.running"),
        (task_id + ".2", "loon.task.success"),
    ]
    hook.got.clear()
    failing = caller.submit("select cast('a' as int)", f"mq-notify-by=webhook, notify-on=all, mq-endpoint={hook.url()}")
    caller.await_task(failing, sent)
    assert [(event(got)["type"], event(got)["data"]["status"]) for got in hook.got] == [
        ("loon.task.queued", "QUEUED"),
        ("loon.task.running", "RUNNING"),
        ("loon.task.failure", "FAILURE"),
    ]
    assert [event(got)["sequence"][-1] for got in hook.got] == ["1", "2", "3"]


def test_messages_of_a_task_keep_their_order(caller, hook):
    """While the first cannot be delivered, those behind it wait; each comes at least once."""
    hook.answer = (503, {}, 0)
    task_id = caller.submit("select 1", f"mq-notify-by=webhook, notify-on=all, mq-endpoint={hook.url()}")
    caller.await_task(task_id, lambda row: row["status"] == "SUCCESS")
    hook.wait_for(3)
    assert {event(got)["type"] for got in hook.got} == {"loon.task.queued"}
    hook.answer = (204, {}, 0)
    assert caller.await_task(task_id, sent)["mq_status"] == "SUCCESS"
    types = [event(got)["type"] for got in hook.got]
    assert (
        types == sorted(types, key=["loon.task.queued", "loon.task.running", "loon.task.success"].index)
        and len(set(types)) == 3
    )


def test_retry_after_is_honoured(caller, hook):
    hook.answer = (429, {"Retry-After": "2"}, 0)
    task_id = caller.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={hook.url()}")
    hook.wait_for(1)
    hook.answer = (204, {}, 0)
    caller.await_task(task_id, sent)
    assert 1.9 < hook.got[1][3] - hook.got[0][3] < 5


def test_a_redirect_and_gone_are_final(caller, hook):
    for status in (302, 410, 404):
        hook.answer = (status, {"Location": "http://169.254.169.254/"}, 0)
        row = caller.await_task(caller.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={hook.url()}"), sent)
        assert row["mq_status"] == "FAILURE" and f"HTTP {status}" in row["mq_error_msg"]
    assert len(hook.got) == 3


def test_sending_shows(caller, hook):
    hook.answer = (204, {}, 1)
    task_id = caller.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={hook.url()}")
    assert caller.await_task(task_id, lambda row: row["mq_status"] == "SENDING")["status"] == "SUCCESS"
    assert caller.await_task(task_id, sent)["mq_status"] == "SUCCESS"


def test_a_message_is_sent_again_on_request(caller, hook):
    hook.answer = (400, {}, 0)
    task_id = caller.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={hook.url()}")
    assert caller.await_task(task_id, sent)["mq_status"] == "FAILURE"
    hook.answer = (204, {}, 0)
    caller.query(f"resend query_task message '{task_id}'")
    row = caller.await_task(task_id, sent)
    assert row["mq_status"] == "SUCCESS" and row["mq_error_msg"] is None
    # What a broker took and its consumers lost comes again, as the same event.
    caller.query(f"RESEND QUERY_TASK MESSAGE '{task_id}'")
    hook.wait_for(3)
    assert len({event(got)["id"] for got in hook.got}) == 1 and len(hook.got) == 3
    assert event(hook.got[0]) == event(hook.got[2])
    caller.await_task(task_id, sent)
    assert caller.task(task_id, full=True)["mq_attempts"] == 3
    for wrong, words in [
        ("resend query_task message 'q1'", "Unknown task id"),
        (f"resend query_task message '{caller.submit('select 1')}'", "mq-notify-by"),
        ("resend query_task 'q1'", "message"),
    ]:
        with pytest.raises(Exception, match=words):
            caller.query(wrong)
    with pytest.raises(Exception, match="Unknown task id"):
        caller.query(f"resend query_task message '{task_id}'", "teller")


def test_a_dead_and_a_slow_endpoint_hold_up_nobody(caller, hook):
    slow = Hook()
    slow.answer = (204, {}, 30)
    waiting = [
        caller.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={url}")
        for url in [slow.url(), "http://127.0.0.1:1/"] * 20
    ]
    for _ in range(10):
        row = caller.await_task(caller.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={hook.url()}"), sent)
        assert row["mq_status"] == "SUCCESS" and row["mq_total_time"] < 1_000
    assert all(caller.task(task_id)["mq_status"] in ("WAITING", "SENDING") for task_id in waiting)
    # Its breaker is closed: it is not asked for each of them.
    assert sum(caller.task(task_id, full=True)["mq_attempts"] for task_id in waiting[1::2]) < 200
    slow.shutdown()


def test_a_burst_to_a_new_endpoint_goes_out_at_once(caller, hook):
    """News of a message that comes while the lane is full is not forgotten."""
    hook.answer = (204, {}, 0.05)
    with contextlib.closing(caller.connect()) as connection:
        ids = [
            loon.query(connection, f"/*+ run_async=true, mq-notify-by=webhook, mq-endpoint={hook.url()} */ select 1")[
                0
            ][0]
            for _ in range(60)
        ]
    assert {caller.await_task(task_id, sent, seconds=15)["mq_status"] for task_id in ids} == {"SUCCESS"}


def test_age_and_count_give_a_message_up(tmp_path, hook):
    hook.answer = (500, {}, 0)
    settings = {"NOTIFY_WEBHOOK_SECRET": SECRET, "NOTIFY_RETRY_CAP_MS": 50}
    by_count = loon.Daemon(tmp_path / "count", NOTIFY_MAX_ATTEMPTS=3, **settings).start()
    row = by_count.await_task(by_count.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={hook.url()}"), sent)
    assert row["mq_status"] == "FAILURE" and "HTTP 500" in row["mq_error_msg"] and len(hook.got) == 3
    assert by_count.program.stop() == 0
    by_age = loon.Daemon(tmp_path / "age", NOTIFY_GIVE_UP_S=2, **settings).start()
    ids = [by_age.submit("select 1", "mq-notify-by=webhook, mq-endpoint=http://127.0.0.1:1/") for _ in range(20)]
    for task_id in ids:
        row = by_age.await_task(task_id, sent)
        assert row["mq_status"] == "FAILURE" and row["status"] == "SUCCESS" and row["mq_error_msg"]
    # Kept for whoever asks for it, also over a restart.
    assert by_age.program.stop() == 0
    by_age.start()
    hook.answer = (204, {}, 0)
    with pytest.raises(Exception, match="mq-notify-by"):
        by_age.query(f"resend query_task message '{by_age.submit('select 1')}'")
    by_age.query(f"resend query_task message '{ids[0]}'")
    assert by_age.await_task(ids[0], sent)["mq_status"] == "FAILURE"
    assert by_age.program.stop() == 0


def test_defaults_of_accounts_and_clusters(tmp_path, hook):
    config = tmp_path / "loon.yaml"
    config.write_text(f"""
notify:
  webhook-secret: {SECRET}
  accounts:
    teller: {{ mq-notify-by: webhook, mq-endpoint: "{hook.url("/of-account")}" }}
  clusters:
    public: {{ mq-notify-by: webhook, mq-endpoint: "{hook.url("/of-cluster")}", notify-on: "start,finish" }}
""")
    daemon = loon.Daemon(tmp_path / "data").start("--config", config)
    daemon.create_account("teller")
    daemon.await_task(daemon.submit("select 1", user="teller"), sent)
    assert [got[0] for got in hook.got] == ["/of-account"]
    daemon.await_task(daemon.submit("select 1"), sent)
    assert [got[0] for got in hook.got[1:]] == ["/of-cluster"] * 2
    # A statement's own hints fill up with the defaults of the same product, and with no other's.
    daemon.await_task(daemon.submit("select 1", f"mq-endpoint={hook.url('/own')}", user="teller"), sent)
    assert hook.got[3][0] == "/own"
    assert daemon.await_task(daemon.submit("select 1", "mq-notify-by=none", user="teller"))["mq_product"] is None
    with pytest.raises(Exception, match="mq-queue"):
        daemon.submit("select 1", "mq-notify-by=mns", user="teller")
    assert daemon.program.stop() == 0
    for bad, words in [
        ("{ x: { mq-topic: t } }", "mq-notify-by"),
        ("{ x: { mq-notify-by: ons, label: y } }", "label"),
        ("[1]", "names below it"),
    ]:
        config.write_text(f"notify:\n  accounts: {bad}\n")
        found = daemon.command("check-config", "--config", config, check=False)
        assert found.returncode != 0 and words in found.stderr, found.stderr


def test_what_cannot_be_called_is_refused_at_once(caller, tmp_path):
    for hints, words in [
        ("mq-notify-by=webhook", "mq-endpoint"),
        ("mq-notify-by=webhook, mq-endpoint=ftp://127.0.0.1/", "http://"),
        ("mq-notify-by=webhook, mq-endpoint=http://example.com/", "not allowed"),
        ("mq-notify-by=webhook, mq-endpoint=http://u@127.0.0.1/", "user"),
        ("mq-notify-by=webhook, mq-endpoint=http://127.0.0.1/#x", "path"),
        ("mq-notify-by=webhook, mq-mode=odd, mq-endpoint=http://127.0.0.1/", "mq-mode"),
        (f"mq-notify-by=rabbitmq, mq-endpoint=http://127.0.0.1:{RABBIT_PORT}", "mq-queue"),
        ("mq-notify-by=rabbitmq, mq-queue=q, mq-endpoint=http://127.0.0.1:1", "rabbitmq-endpoint"),
        ("mq-notify-by=mns, mq-model=topic", "mq-topic"),
        ("mq-notify-by=mns, mq-model=topic, mq-topic=t, mq-delayed-by=3, mq-endpoint=http://127.0.0.1:1", "delayed"),
        ("notify-on=never", "notify_on"),
        ("mq-notify-by=ons, mq-model=topic", "mq-model"),
    ]:
        with pytest.raises(Exception, match=words):
            caller.submit("select 1", hints)
    bare = loon.Daemon(tmp_path / "bare", NOTIFY_ACCESS_KEY_ID="", NOTIFY_ACCESS_KEY_SECRET="")
    del bare.settings["NOTIFY_ACCESS_KEY_ID"], bare.settings["NOTIFY_ACCESS_KEY_SECRET"]
    bare.start()
    for product, words in [
        ("ons", "access key"),
        ("mns", "access key"),
        ("webhook", "notify.webhook-secret-file"),
        ("rabbitmq", "notify.rabbitmq-user"),
    ]:
        with pytest.raises(Exception, match=words):
            bare.submit("select 1", f"mq-notify-by={product}")
    assert bare.program.stop() == 0


# MARK: RabbitMQ


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory):
    server = rabbitmq_server.RabbitMQ(tmp_path_factory.mktemp("rabbit"), RABBIT_PORT)
    yield server.session
    server.stop()


def test_rabbitmq(caller, rabbit):
    def call(method, path, **body):
        answer = rabbit.request(method, rabbit.base + "/api" + path, json=body)
        assert answer.ok, answer.text
        return answer

    def take(queue):
        return call("POST", f"/queues/%2F/{queue}/get", count=10, ackmode="ack_requeue_false", encoding="auto").json()

    call("PUT", "/queues/%2F/of%20tasks", durable=True)
    task_id = caller.submit("select 'ä' as x", f"mq-notify-by=rabbitmq, mq-queue='of tasks', mq-endpoint={rabbit.base}")
    row = caller.await_task(task_id, sent)
    assert (row["mq_status"], row["mq_model"], row["mq_message_id"]) == ("SUCCESS", "queue", task_id + ".1"), row
    (message,) = take("of%20tasks")
    whole = json.loads(message["payload"])
    jsonschema.validate(whole, SCHEMA)
    assert (
        whole["id"] == message["properties"]["message_id"] == task_id + ".1"
        and message["properties"]["delivery_mode"] == 2
    )
    # An exchange, by what happened; and a queue that is bound later.
    call("PUT", "/exchanges/%2F/tasks", type="topic", durable=True)
    call("PUT", "/queues/%2F/failures", durable=True)
    failing = caller.submit(
        "select cast('a' as int)", f"mq-notify-by=rabbitmq, mq-topic=tasks, mq-endpoint={rabbit.base}"
    )
    row = caller.await_task(failing, lambda row: row["mq_error_msg"])
    assert "no queue" in row["mq_error_msg"] and row["mq_model"] == "topic"
    call("POST", "/bindings/%2F/e/tasks/q/failures", routing_key="loon.task.failure")
    assert caller.await_task(failing, sent)["mq_status"] == "SUCCESS"
    assert json.loads(take("failures")[0]["payload"])["type"] == "loon.task.failure"
    missing = caller.await_task(
        caller.submit("select 1", f"mq-notify-by=rabbitmq, mq-topic=none, mq-endpoint={rabbit.base}"), sent
    )
    assert missing["mq_status"] == "FAILURE" and "404" in missing["mq_error_msg"]
