"""The roles that messages are sent in."""

import json
import shutil
import time

import pytest

import loon
from messages_support import caller, hook, sent  # noqa: F401


MQ_ROLE, MNS_ROLE = "AliyunOpenAnalyticsAccessingMQRole", "AliyunOpenAnalyticsAccessingMNSRole"


# MARK: Roles


def test_the_documents_role(caller, broker):
    """Steps 1 to 3 of the document: the role, its trust policy, its permissions. What is missing shows, by name."""
    role = caller.ram / "roles" / MQ_ROLE
    trust, policies, policy = (
        role / "trust-policy.json",
        role / "policies.json",
        caller.ram / "policies/AliyunMQFullAccess.json",
    )
    whole = {path: path.read_text() for path in (trust, policies, policy)}

    def outcome():
        time.sleep(1.1)  # a change is seen within a second
        row = caller.await_task(caller.submit("select 1", loon.ons(broker.port)), sent)
        return row["mq_status"], row["mq_error_msg"] or ""

    def explained():
        found = caller.command(
            "ram",
            "check",
            "--role",
            MQ_ROLE,
            "--resource",
            "acs:mq:cn-hangzhou:1000000000000000:MQ_INST_1_test%dla_topic",
            check=False,
        )
        return found.returncode, found.stdout

    caller.settings["RAM_DIRECTORY"] = caller.ram
    assert outcome()[0] == "SUCCESS"
    assert (
        explained() == (0, explained()[1])
        and "statement 1 of the policy AliyunMQFullAccess allows it" in explained()[1]
    )
    shown = {row[0]: row for row in caller.query("show ram roles")}
    assert (
        shown[MQ_ROLE][1:4] == ("openanalytics.aliyuncs.com", "AliyunMQFullAccess", "YES")
        and "statement 1" in shown[MQ_ROLE][4]
    )
    address = {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "mq:*", "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
            },
        ],
    }
    deny = {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": ["mq:P?B"], "Resource": "acs:mq:*:*:*%dla_topic"},
        ],
    }
    secure = {
        "Version": "1",
        "Statement": {
            "Effect": "Allow",
            "Action": "mq:*",
            "Resource": "*",
            "Condition": {"Bool": {"acs:SecureTransport": True}},
        },
    }
    cases = [
        (trust, whole[trust].replace("openanalytics.aliyuncs.com", ""), "blank service"),
        (trust, whole[trust].replace("openanalytics", "ecs"), "ecs.aliyuncs.com"),
        (trust, "{", "not JSON"),
        (
            policy,
            '{"Version": "1", "Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}',
            "says 'Effect' twice",
        ),
        (
            policy,
            '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "true"}}, "Condi\\u0074ion": {}}]}',
            "twice",
        ),
        (
            trust,
            '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Principal": {"Service": "*"}}, {"Effect": "Allow", "Action": "*", "Principal": {"Service": "openanalytics.aliyuncs.com"}}]}',
            "statement 1 of its trust policy denies it",
        ),
        (policies, '{"Policies": {"Policy": []}}', "has no policy"),
        (policies, '{"Policies": {"Policy": [{"PolicyName": "Nothing"}]}}', "policy Nothing"),
        (policy, json.dumps(deny), "statement 2 of the policy AliyunMQFullAccess denies it"),
        (
            policy,
            whole[policy].replace("mq:*", "mq:SUB").replace("rocketmq", "x").replace("mq-as:*", "y"),
            "no statement of AliyunMQFullAccess allows it",
        ),
        (policy, json.dumps(secure), "no statement"),
        # A circumstance that the daemon does not know lifts no denial.
        (policy, json.dumps(address), "statement 2 of the policy AliyunMQFullAccess denies it"),
        (
            policy,
            json.dumps(
                {
                    "Version": "1",
                    "Statement": [
                        {"Effect": "Allow", "Action": "mq:*", "Resource": "*", "Condition": {"Odd": {"a": "b"}}}
                    ],
                }
            ),
            "not understood",
        ),
    ]
    for path, text, words in cases:
        path.write_text(text)
        status, reason = outcome()
        assert status == "FAILURE" and words in reason, (words, reason)
        code, explanation = explained()
        assert code == 1 and words in explanation, explanation
        path.write_text(whole[path])
    shutil.move(role, caller.ram / "away")
    status, reason = outcome()
    assert status == "FAILURE" and f"The role {MQ_ROLE} does not exist" in reason
    assert {row[0]: row[3] for row in caller.query("show ram roles")}[MQ_ROLE] == "NO"
    shutil.move(caller.ram / "away", role)
    assert outcome()[0] == "SUCCESS"
    with pytest.raises(Exception, match="administrator"):
        caller.query("show ram roles", "teller")


def test_the_folder_in_the_project_is_what_holds_without_one(tmp_path):
    daemon = loon.Daemon(tmp_path / "data")
    own = daemon.command("ram", "roles").stdout
    daemon.settings["RAM_DIRECTORY"] = loon.ROOT / "config/ram"
    assert daemon.command("ram", "roles").stdout == own and own.count("  allowed  ") == 2


def test_no_role_is_needed_for_what_is_not_the_vendors(caller, hook):
    for role in (MQ_ROLE, MNS_ROLE):
        shutil.move(caller.ram / "roles" / role, caller.ram / role)
    time.sleep(1.1)
    row = caller.await_task(caller.submit("select 1", f"mq-notify-by=webhook, mq-endpoint={hook.url()}"), sent)
    assert row["mq_status"] == "SUCCESS"
    for role in (MQ_ROLE, MNS_ROLE):
        shutil.move(caller.ram / role, caller.ram / "roles" / role)
    time.sleep(1.1)
