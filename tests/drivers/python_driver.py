"""PyMySQL or MySQLdb: reads requests (see tests/src/drivers/driver.ts) from stdin and answers each with a line of JSON.

usage: python_driver.py pymysql|MySQLdb
"""

import datetime
import decimal
import hashlib
import importlib
import json
import sys
import threading

NAME = sys.argv[1]
driver = importlib.import_module(NAME)
cursors = importlib.import_module(NAME + ".cursors")
constants = importlib.import_module(NAME + ".constants.CLIENT")
LONG = 200

connections = {}
targets = {}
pool = []


class Unsupported(Exception):
    pass


def told(value):
    """A value as text with its type; long ones as length and hash."""
    if value is None:
        return None
    text = value.hex() if isinstance(value, (bytes, bytearray)) else str(value)
    if len(text) > LONG:
        text = "%d %s" % (len(text), hashlib.md5(text.encode()).hexdigest())
    return "%s:%s" % (type(value).__name__, text)


def bound(param):
    kind, value = param["t"], param.get("v", "")
    if kind == "null":
        return None
    if kind == "int":
        return int(value)
    if kind == "double":
        return float(value)
    if kind == "decimal":
        return decimal.Decimal(value)
    if kind == "blob":
        return bytes.fromhex(value)
    if kind == "repeat":
        return value * param["n"]
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "datetime":
        return datetime.datetime.fromisoformat(value)
    return value


def options(request):
    found = {
        "host": request["host"],
        "port": request["port"],
        "user": request["user"],
        "password": request["password"],
        "database": request["database"],
        "charset": "utf8mb4",
        "client_flag": constants.MULTI_STATEMENTS,
    }
    if NAME == "pymysql":
        if "ca" in request:
            found["ssl_ca"] = request["ca"]
            found["ssl_verify_cert"] = True
    elif "ca" in request:
        found["ssl"] = {"ca": request["ca"]}
    if request.get("compress"):
        # PyMySQL has it not; MySQLdb takes any true value
        if NAME == "pymysql":
            raise Unsupported()
        found["compress"] = True
    if request.get("local"):
        found["local_infile"] = True
    return found


def connect(request):
    return driver.connect(**options(request))


def results(cursor):
    found = []
    while True:
        if cursor.description is None:
            found.append({"affected": cursor.rowcount, "insertId": cursor.lastrowid})
        else:
            columns = [[one[0], one[1], one[4], one[5], one[6]] for one in cursor.description]
            found.append({"columns": columns, "rows": [[told(value) for value in row] for row in cursor.fetchall()]})
        if not cursor.nextset():
            return found


def query(connection, sql, args=None):
    cursor = connection.cursor()
    try:
        # Without arguments a % is no placeholder.
        cursor.execute(sql.replace("?", "%s") if args is not None else sql, args)
        return results(cursor)
    finally:
        cursor.close()


def do(request):
    op, on = request["op"], request.get("on", "main")
    connection = connections.get(on)
    if op == "connect":
        connections[on] = connect(request)
        targets[on] = request
        return None
    if op == "close":
        connections.pop(on).close()
        return None
    if op == "info":
        server_id = query(connection, "SELECT CONNECTION_ID()")[0]["rows"][0][0]
        info = {"version": connection.get_server_info(), "protocol": connection.get_proto_info()}
        info["sameId"] = server_id == "int:%d" % connection.thread_id()
        info["charset"] = connection.character_set_name()
        return info
    if op == "query":
        return query(connection, request["sql"])
    if op == "execute":
        # Neither has statements prepared on the server: values are written into the text.
        return query(connection, request["sql"], [bound(param) for param in request["params"]])
    if op == "batch":
        cursor = connection.cursor()
        rows = [[bound(param) for param in row] for row in request["rows"]]
        count = cursor.executemany(request["sql"].replace("?", "%s"), rows)
        return {"affected": count, "insertId": cursor.lastrowid}
    if op == "call":
        cursor = connection.cursor()
        cursor.callproc(request["procedure"], (request["value"], 0))
        found = results(cursor)
        return [found, query(connection, "SELECT @_%s_1" % request["procedure"])]
    if op == "stream":
        cursor = connection.cursor(cursors.SSCursor)
        cursor.execute(request["sql"])
        rows, last = 0, ()
        for row in cursor:
            rows, last = rows + 1, row
        cursor.close()
        return {"rows": rows, "last": [told(value) for value in last]}
    if op == "begin":
        connection.begin()
        return None
    if op in ("commit", "rollback", "ping"):
        getattr(connection, op)()
        return None
    if op == "use":
        connection.select_db(request["database"])
        return None
    if op == "changeUser" and NAME == "MySQLdb":
        connection.change_user(request["user"], request["password"], request["database"])
        return None
    if op == "infile":
        other = connect(dict(targets[on], local=True))
        try:
            found = query(other, request["sql"])
            other.commit()
            return found
        finally:
            other.close()
    if op == "cancel":
        other = connect(targets[on])
        killer = threading.Timer(0.5, lambda: query(other, "KILL QUERY %d" % connection.thread_id()))
        killer.start()
        try:
            return query(connection, request["sql"])
        finally:
            killer.join()
            other.close()
    if op == "poolOpen":
        pool.extend([connect(request), connect(request)])
        return None
    if op == "poolRun":
        # As SQLAlchemy's pool does with pool_pre_ping: ping at each loan, rollback when it is given back.
        found = []
        for one in pool:
            one.ping()
            found.append(query(one, request["sql"]))
            one.rollback()
        return found
    if op == "poolClose":
        while pool:
            pool.pop().close()
        return None
    raise Unsupported()


def answer(request):
    try:
        return {"ok": do(request)}
    except Unsupported:
        return {"unsupported": True}
    except driver.Error as error:
        args = list(error.args) + [None, None]
        return {"error": {"code": args[0], "state": type(error).__name__, "message": str(args[1])}}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
