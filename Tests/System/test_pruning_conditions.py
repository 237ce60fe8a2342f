"""Partitions that a query does not read since the engine has tried its conditions on their values."""

import pytest
from lake_support import parted, scanned, schema  # noqa: F401


@pytest.mark.parametrize(
    "condition, size",
    [
        ("m like 'a%'", 31),
        ("m not like 'a%'", 24),
        ("m like 'b/_' and y < 2020", 16),
        ("p.m ilike 'A'", 31),
        ("substr(m, 1, 1) = 'b'", 24),
        ("upper(left(m, 1)) = 'A' and y in (2018, 2019)", 16),
        ("y + 1 = 2019", 16),
        ("y % 2 = 0 or m like 'b%'", 40),
        ("cast(y as varchar) like '%19'", 16),
        ("concat(y, m) = '2018a'", 8),
        ("y || '-' || m between '2018-b' and '2019-a'", 16),
        ("case when m = 'a' then y = 2018 else y = 2020 end", 16),
        ("coalesce(y, 0) = 0", 7),
        ("length(m) = 3", 24),
        ("regexp_matches(m, '^[a-z]$')", 31),
        ("m rlike '^b'", 24),
        ("date_add('2018-01-01', interval (y - 2018) year) = date '2019-01-01'", 16),
        # Not of the partition alone, or another thing each time.
        ("m || v = 'a2018a'", 55),
        ("y = 2000 + 18.0e0", 55),
        ("random() < 2", 55),
        # A value that a condition stops at is for the query to stop at.
        ("cast(m as int) = 5 or v is null", 55),
    ],
)
def test_partitions_are_left_out_by_whatever_is_said_of_their_values(parted, condition, size):
    sql = f"select v from l.parted p where {condition}"
    row = parted.await_task(parted.submit(sql))
    if row["status"] == "SUCCESS":
        assert row["scanned_data_bytes"] == size
        expected = parted.query(sql.replace("l.parted", "l.unparted"))
        assert sorted(parted.query(sql)) == sorted(expected)
    else:
        assert "cast" in condition, row["message"]


def test_conditions_hold_of_inner_joins_and_of_no_outer_ones(parted):
    for sql, files in [
        ("select count(*) from l.parted p join l.unparted u on p.v = u.v where p.m like 'a%'", 4),
        ("select count(*) from l.unparted u left join l.parted p on p.v = u.v where coalesce(p.m, 'x') like 'x%'", 7),
        ("select count(*) from l.parted p, l.unparted u where p.v = u.v and lower(u.m) = 'a' and upper(p.m) = 'A'", 4),
        ("select count(*) from (select * from l.parted where m like 'b%') q", 3),
        ("with c as (select * from l.parted where y % 2 = 0) select count(*) from c", 4),
        ("select count(*) from l.parted a, l.parted b where a.m like 'a%' and b.m like 'b%'", 4 + 3),
    ]:
        found = parted.await_task(parted.submit(sql))
        plain = parted.query(sql.replace("l.parted", "l.unparted"))
        assert parted.query(sql) == plain, sql
        other = scanned(parted, "select * from l.unparted") if "l.unparted" in sql else 0
        assert found["scanned_data_bytes"] - other == files * 8 - (files == 7 and "a.m" not in sql) - (
            "like 'a" in sql or "'A'" in sql
        ), sql


def test_a_partition_column_may_have_any_name(parted):
    columns = ", ".join(f"`{name}` int" for name in ("n", "v0", "loon_rows"))
    parted.query(
        f"create external table if not exists l.named (x int) partitioned by ({columns}) "
        "row format delimited fields terminated by ',' location 'oss://lake/l/named/'"
    )
    for number in range(4):
        parted.query(
            f"insert into l.named partition (n={30 + number}, v0={number * 7}, loon_rows={number}) values ({number})"
        )
    for condition, found in {
        "n % 10 = 3": [3],
        "abs(n) = 31": [1],
        "v0 % 7 = 0 and v0 / 7 = 2": [2],
        "loon_rows + 1 = 1": [0],
        "n + v0 + loon_rows = 39": [1],
    }.items():
        assert [row[0] for row in parted.query(f"select x from l.named where {condition}")] == found, condition
