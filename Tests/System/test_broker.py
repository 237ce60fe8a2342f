"""The development broker, driven by the vendor's own SDKs as producer and as consumer; and the daemon through it."""

import base64
import contextlib
import email.utils
import hashlib
import hmac
import json
import re
import signal
import time

import pytest
import requests
from mns.account import Account
from mns.mns_exception import MNSExceptionBase
from mns.queue import Message, QueueMeta
from mns.subscription import SubscriptionMeta
from mns.topic import TopicMessage, TopicMeta
from mq_http_sdk.mq_client import MQClient
from mq_http_sdk.mq_exception import MQServerException
from mq_http_sdk.mq_producer import TopicMessage as RocketMessage

import capture
import loon

sent = lambda row: row["mq_status"] in ("SUCCESS", "FAILURE")  # noqa: E731


@pytest.fixture(scope="module")
def account(broker):
    return Account(f"http://127.0.0.1:{broker.port}", loon.KEY_ID, loon.KEY_SECRET)


def error(code, call, *arguments):
    with pytest.raises(MNSExceptionBase) as caught:
        call(*arguments)
    assert caught.value.type == code, caught.value
    return caught.value


# MARK: MNS


def test_queues(account, broker):
    url = account.get_queue("q-made").create(
        QueueMeta(vis_timeout=20, max_msg_size=10240, msg_ttl=3600, delay_sec=1, polling_wait_sec=2)
    )
    assert url == f"http://127.0.0.1:{broker.port}/queues/q-made"
    queue = account.get_queue("q-made")
    found = queue.get_attributes()
    assert (
        found.visibility_timeout,
        found.maximum_message_size,
        found.message_retention_period,
        found.delay_seconds,
        found.polling_wait_seconds,
    ) == (20, 10240, 3600, 1, 2)
    assert (
        queue.create(QueueMeta(vis_timeout=20, max_msg_size=10240, msg_ttl=3600, delay_sec=1, polling_wait_sec=2))
        == url
    ), "made again as it is"
    error("QueueAlreadyExist", queue.create, QueueMeta(vis_timeout=21))
    change = QueueMeta(vis_timeout=25, delay_sec=0)
    queue.set_attributes(change)
    assert queue.get_attributes().visibility_timeout == 25
    for name in ("q-list-1", "q-list-2", "q-list-3"):
        account.get_queue(name).create(QueueMeta())
    urls, marker = account.list_queue(prefix="q-list", ret_number=2)
    assert [url.rsplit("/")[-1] for url in urls] == ["q-list-1", "q-list-2"] and marker
    urls, marker = account.list_queue(prefix="q-list", ret_number=2, marker=marker)
    assert [url.rsplit("/")[-1] for url in urls] == ["q-list-3"] and not marker
    account.get_queue("q-list-1").delete()
    error("QueueNotExist", account.get_queue("q-list-1").get_attributes)
    error("InvalidQueueName", account.get_queue("-odd").create, QueueMeta())


def test_messages_of_a_queue(account):
    queue = account.get_queue("q-messages")
    queue.create(QueueMeta(vis_timeout=1))
    message = queue.send_message(Message("hällo <&>\r\n"))
    assert len(message.message_id) == 32 and len(message.message_body_md5) == 32
    peeked = queue.peek_message()
    assert (
        peeked.message_body.decode() == "hällo <&>\r\n"
        and peeked.dequeue_count == 0
        and peeked.message_id == message.message_id
    )
    got = queue.receive_message(1)
    assert (got.message_id, got.dequeue_count, got.message_body) == (message.message_id, 1, peeked.message_body)
    error("MessageNotExist", queue.receive_message)
    assert queue.get_attributes().inactive_messages == 1
    # Not acknowledged: it comes again, and its first receipt is no longer good.
    again = queue.receive_message(3)
    assert again.dequeue_count == 2 and again.message_id == got.message_id
    error("ReceiptHandleError", queue.delete_message, got.receipt_handle)
    changed = queue.change_message_visibility(again.receipt_handle, 30)
    error("ReceiptHandleError", queue.change_message_visibility, again.receipt_handle, 30)
    time.sleep(1.1)
    error("MessageNotExist", queue.receive_message)
    queue.delete_message(changed.receipt_handle)
    error("ReceiptHandleError", queue.delete_message, changed.receipt_handle)


def test_batches_priorities_and_delay(account):
    queue = account.get_queue("q-batch")
    queue.create(QueueMeta())
    messages = [Message(f"m{number}", priority=number) for number in (9, 1, 5)]
    returned = queue.batch_send_message(messages)
    assert len({message.message_id for message in returned}) == 3
    assert [message.message_body.decode() for message in queue.batch_peek_message(16)] == ["m1", "m5", "m9"]
    batch = queue.batch_receive_message(16)
    assert [(message.message_body.decode(), message.priority) for message in batch] == [("m1", 1), ("m5", 5), ("m9", 9)]
    queue.batch_delete_message([message.receipt_handle for message in batch[:2]])
    error("ReceiptHandleError", queue.batch_delete_message, [batch[0].receipt_handle, batch[2].receipt_handle])
    error("MessageNotExist", queue.batch_peek_message, 16)
    queue.send_message(Message("late", delay_seconds=1))
    assert queue.get_attributes().delay_messages == 1
    error("MessageNotExist", queue.receive_message)
    started = time.monotonic()
    assert queue.receive_message(5).message_body == b"late" and 0.5 < time.monotonic() - started < 60
    small = account.get_queue("q-small")
    small.create(QueueMeta(max_msg_size=1024))
    error("InvalidArgument", small.send_message, Message("x" * 2000))


def test_topics_and_subscriptions(account, broker):
    topic = account.get_topic("t-news")
    assert topic.create(TopicMeta(2048)).endswith("/topics/t-news")
    assert topic.get_attributes().maximum_message_size == 2048
    for name, tag, form in [
        ("plain", "", "SIMPLIFIED"),
        ("tagged", "red", "SIMPLIFIED"),
        ("whole", "", "JSON"),
        ("xml", "", "XML"),
    ]:
        account.get_queue("q-" + name).create(QueueMeta())
        topic.get_subscription(name).subscribe(
            SubscriptionMeta(f"acs:mns:cn-hangzhou:1:queues/q-{name}", notify_content_format=form, filter_tag=tag)
        )
    urls, marker = topic.list_subscription()[:2]
    assert sorted(url.rsplit("/")[-1] for url in urls) == ["plain", "tagged", "whole", "xml"]
    error(
        "SubscriptionAlreadyExist",
        topic.get_subscription("plain").subscribe,
        SubscriptionMeta("acs:mns:cn-hangzhou:1:queues/other"),
    )
    error("EndpointInvalid", topic.get_subscription("http").subscribe, SubscriptionMeta("http://example.com/"))
    red, blue = (
        topic.publish_message(TopicMessage("of red <&>", "red")),
        topic.publish_message(TopicMessage("of blue", "blue")),
    )

    def take(name):
        queue = account.get_queue("q-" + name)
        queue.set_encoding(False)
        return [message.message_body for message in queue.batch_receive_message(16)]

    assert take("plain") == ["of red <&>", "of blue"] and take("tagged") == ["of red <&>"]
    whole = json.loads(take("whole")[0])
    assert (whole["Message"], whole["MessageTag"], whole["MessageId"], whole["TopicName"]) == (
        "of red <&>",
        "red",
        red.message_id,
        "t-news",
    )
    assert "<Message>of red &lt;&amp;&gt;</Message>" in take("xml")[0] and blue.message_id
    found = topic.get_subscription("tagged").get_attributes()
    assert (found.filter_tag, found.endpoint) == ("red", "acs:mns:cn-hangzhou:1:queues/q-tagged")
    topic.get_subscription("tagged").unsubscribe()
    error("SubscriptionNotExist", topic.get_subscription("tagged").get_attributes)
    assert [url.rsplit("/")[-1] for url in account.list_topic("t-")[0]] == ["t-news"]
    topic.delete()
    error("TopicNotExist", topic.get_attributes)


def test_signatures_are_checked(broker):
    url = f"http://127.0.0.1:{broker.port}"
    for key, secret, code in [
        ("other", loon.KEY_SECRET, "InvalidAccessKeyId"),
        (loon.KEY_ID, "wrong", "SignatureDoesNotMatch"),
    ]:
        error(code, Account(url, key, secret).get_queue("q").send_message, Message("x"))
    error("InvalidAccessKeyId", Account(url, "STS.guess", "x", "token").get_queue("q").send_message, Message("x"))
    answer = requests.get(url + "/queues/q/messages")
    assert answer.status_code == 400 and "MissingAuthorizationHeader" in answer.text
    assert requests.put(url + "/faults?kind=drop").status_code == 403


def signed(broker, body, digest):
    """Sends a message with a signature that covers a digest of its body, as the vendor's Java SDK does."""
    headers = {
        "Content-Type": "text/xml;charset=UTF-8",
        "Date": email.utils.formatdate(usegmt=True),
        "x-mns-version": "2015-06-06",
    }
    if digest:
        headers["Content-MD5"] = digest
    text = f"POST\n{digest or ''}\n{headers['Content-Type']}\n{headers['Date']}\nx-mns-version:2015-06-06\n/queues/digests/messages"
    code = base64.b64encode(hmac.new(loon.KEY_SECRET.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return requests.post(
        f"http://127.0.0.1:{broker.port}/queues/digests/messages",
        data=body,
        headers={**headers, "Authorization": f"MNS {loon.KEY_ID}:{code}"},
    )


def test_the_signature_covers_the_body(broker):
    body = '<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageBody>x</MessageBody></Message>'
    Account(f"http://127.0.0.1:{broker.port}", loon.KEY_ID, loon.KEY_SECRET).get_queue("digests").create(QueueMeta())
    md5 = hashlib.md5(body.encode())
    as_text = base64.b64encode(md5.hexdigest().encode()).decode()
    for digest in (as_text, base64.b64encode(md5.digest()).decode(), None):
        assert signed(broker, body, digest).status_code == 201, digest
    answer = signed(broker, body.replace(">x<", ">y<"), as_text)
    assert answer.status_code == 400 and "InvalidDigest" in answer.text


# MARK: RocketMQ


def test_rocketmq(broker):
    client = MQClient(f"http://127.0.0.1:{broker.port}", loon.KEY_ID, loon.KEY_SECRET)
    producer = client.get_producer("MQ_INST_9", "sdk")
    ids = {}
    for tag in ("A", "B", "A"):
        message = RocketMessage(f"of {tag} <&> ä", tag)
        message.put_property("k", "v")
        message.set_message_key("key")
        ids[producer.publish_message(message).message_id] = tag
    consumer = client.get_consumer("MQ_INST_9", "sdk", "GID_a", "A")
    got = consumer.consume_message(16, 1)
    assert [(message.message_tag, message.message_body, message.properties["KEYS"]) for message in got] == [
        ("A", "of A <&> ä", "key")
    ] * 2
    consumer.ack_message([message.receipt_handle for message in got])
    with pytest.raises(MQServerException) as caught:
        consumer.ack_message([got[0].receipt_handle])
    assert caught.value.sub_errors
    # Another group gets all of them, whatever the first has done.
    other = client.get_consumer("MQ_INST_9", "sdk", "GID_b").consume_message(16, 1)
    assert {message.message_id for message in other} == set(ids)


# MARK: Persistence, faults, STS


@contextlib.contextmanager
def own_broker(tmp_path, *flags):
    environment = {**loon.environment(), "LOON_MQ_ACCESS_KEY_SECRET": loon.KEY_SECRET}
    program = loon.Program(
        [loon.BIN / "loon-mq", "--port", "0", "--access-key-id", loon.KEY_ID, *flags],
        tmp_path / "mq.log",
        "broker.ready",
        environment,
    )
    try:
        yield program
    finally:
        if program.is_running():
            program.stop()


def test_messages_outlive_the_broker(tmp_path):
    file = tmp_path / "journal"
    with own_broker(tmp_path, "--data", file) as program:
        account = Account(f"http://127.0.0.1:{program.port}", loon.KEY_ID, loon.KEY_SECRET)
        queue = account.get_queue("kept")
        queue.create(QueueMeta(vis_timeout=1))
        for number in range(3):
            queue.send_message(Message(f"m{number}"))
        queue.delete_message(queue.receive_message().receipt_handle)
        rocket = MQClient(f"http://127.0.0.1:{program.port}", loon.KEY_ID, loon.KEY_SECRET)
        for _ in range(2):
            rocket.get_producer("I", "t").publish_message(RocketMessage("r", ""))
        consumer = rocket.get_consumer("I", "t", "G")
        consumer.ack_message([consumer.consume_message(1, 1)[0].receipt_handle])
        program.kill()
    with open(file, "ab") as torn:
        torn.write(b'{"sent":')
    with own_broker(tmp_path, "--data", file) as program:
        queue = Account(f"http://127.0.0.1:{program.port}", loon.KEY_ID, loon.KEY_SECRET).get_queue("kept")
        assert queue.get_attributes().visibility_timeout == 1
        assert [message.message_body.decode() for message in queue.batch_receive_message(16)] == ["m1", "m2"]
        consumer = MQClient(f"http://127.0.0.1:{program.port}", loon.KEY_ID, loon.KEY_SECRET).get_consumer(
            "I", "t", "G"
        )
        assert len(consumer.consume_message(16, 1)) == 1
        queue.send_message(Message("after"))
        program.kill()
    with own_broker(tmp_path, "--data", file) as program:
        queue = Account(f"http://127.0.0.1:{program.port}", loon.KEY_ID, loon.KEY_SECRET).get_queue("kept")
        assert len(queue.batch_receive_message(16)) == 3


@pytest.mark.parametrize(
    "fault, words",
    [
        ("kind=error&status=503&retry-after=1&times=2", "HTTP 503"),
        ("kind=error&status=429&times=2", "HTTP 429"),
        ("kind=garbage&times=2", "no broker's"),
        ("kind=drop&times=2", ""),
        ("kind=digest&times=2", "another body"),
        ("kind=latency&ms=300&times=1", None),
    ],
)
def test_a_message_arrives_whatever_the_broker_does(tmp_path, fault, words):
    daemon = loon.Daemon(tmp_path / "data", NOTIFY_RETRY_CAP_MS=100).start()
    with own_broker(tmp_path, "--faults") as program:
        assert requests.put(f"http://127.0.0.1:{program.port}/faults?{fault}").status_code == 204
        task_id = daemon.submit("select 1", loon.ons(program.port, "faulty"))
        row = daemon.await_task(task_id, sent)
        assert row["mq_status"] == "SUCCESS"
        assert daemon.task(task_id, full=True)["mq_attempts"] == (1 if words is None else 3)
        if words:
            assert words in daemon.program.log()
        # At least once, and each the same event.
        got = loon.receive_ons(program.port, "faulty", seconds=1)
        assert {body["id"] for _, body in got} == {task_id + ".1"} and row["mq_message_id"] in {
            message.message_id for message, _ in got
        }
        assert requests.put(f"http://127.0.0.1:{program.port}/faults?kind=odd").status_code == 400
    assert daemon.program.stop() == 0


def test_keys_from_sts(tmp_path):
    """With an STS endpoint the daemon signs with lent keys, borrows them once for many messages, and again before they expire."""
    with own_broker(tmp_path, "--role", "AliyunOpenAnalyticsAccessingMQRole") as program:
        daemon = loon.Daemon(tmp_path / "data", NOTIFY_STS_ENDPOINT=f"http://127.0.0.1:{program.port}").start()
        ids = [daemon.submit("select 1", loon.ons(program.port, "lent")) for _ in range(10)]
        assert {daemon.await_task(task_id, sent)["mq_status"] for task_id in ids} == {"SUCCESS"}
        assert (
            program.log().count("event=sts.answered status=200") == 1 and "event=role.assumed" in daemon.program.log()
        )
        # A role that the account does not have: the reason is STS's.
        row = daemon.await_task(
            daemon.submit("select 1", f"mq-notify-by=mns, mq-queue=q, mq-endpoint=http://127.0.0.1:{program.port}"),
            sent,
        )
        assert (
            row["mq_status"] == "FAILURE"
            and "AliyunOpenAnalyticsAccessingMNSRole" in row["mq_error_msg"]
            and "EntityNotExist.Role" in row["mq_error_msg"]
        )
        assert daemon.program.stop() == 0
        log = daemon.program.log()
        assert loon.KEY_SECRET not in log and "security-token" not in log.lower()
    (tmp_path / "short").mkdir()
    with own_broker(tmp_path / "short", "--token-seconds", "5") as program:
        daemon = loon.Daemon(tmp_path / "again", NOTIFY_STS_ENDPOINT=f"http://127.0.0.1:{program.port}").start()
        for pause in (0, 3, 0):
            time.sleep(pause)
            assert daemon.await_task(daemon.submit("select 1", loon.ons(program.port)), sent)["mq_status"] == "SUCCESS"
        assert program.log().count("event=sts.answered status=200") == 2
        program.process.send_signal(signal.SIGSTOP)
        waiting = daemon.submit("select 1", loon.ons(program.port))
        time.sleep(0.3)
        program.process.send_signal(signal.SIGCONT)
        assert daemon.await_task(waiting, sent)["mq_status"] == "SUCCESS"
        assert daemon.program.stop() == 0


def test_mns_topic_from_a_task(daemon, broker, account):
    account.get_topic("tasks").create(TopicMeta())
    account.get_queue("of-tasks").create(QueueMeta())
    account.get_topic("tasks").get_subscription("s").subscribe(
        SubscriptionMeta(
            "acs:mns:cn-hangzhou:1:queues/of-tasks", notify_content_format="SIMPLIFIED", filter_tag="SUCCESS"
        )
    )
    hints = f"mq-notify-by=mns, mq-model=topic, mq-topic=tasks, mq-endpoint=http://127.0.0.1:{broker.port}"
    ids = [daemon.submit(sql, hints) for sql in ("select 1", "select cast('a' as int)")]
    rows = [daemon.await_task(task_id, sent) for task_id in ids]
    assert [(row["mq_status"], row["mq_model"], row["mq_topic"], row["mq_queue"]) for row in rows] == [
        ("SUCCESS", "topic", "tasks", None)
    ] * 2
    queue = account.get_queue("of-tasks")
    queue.set_encoding(False)
    (message,) = queue.batch_receive_message(16)
    assert json.loads(message.message_body)["subject"] == ids[0]


@pytest.mark.parametrize(
    "hints",
    [
        "mq-notify-by=ons, mq-topic=covered, mq-producer-id=G, mq-endpoint=http://MQ_INST_1_x.localhost:{}",
        "mq-notify-by=mns, mq-queue=covered, mq-endpoint=http://127.0.0.1:{}",
    ],
)
def test_the_daemon_signs_what_it_sends(daemon, broker, account, hints):
    account.get_queue("covered").create(QueueMeta())
    recorder = capture.Recorder(("127.0.0.1", broker.port))
    task = daemon.submit("select 1", hints.format(recorder.port))
    assert daemon.await_task(task, sent)["mq_status"] == "SUCCESS"
    request = b"".join(data for chunks in recorder.conversations for _, from_client, data in chunks if from_client)
    recorder.close()
    head, body = request.split(b"\r\n\r\n", 1)
    digest = re.search(rb"(?i)content-md5: (\S+)", head).group(1)
    assert base64.b64decode(digest).decode() == hashlib.md5(body).hexdigest()
