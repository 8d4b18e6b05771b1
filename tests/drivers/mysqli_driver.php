<?php
// mysqli: reads requests (see tests/src/drivers/driver.ts) from stdin and answers each with a line of JSON.

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

const LONG = 200;

class Unsupported extends Exception {}

/** A value as text with its type; long ones as length and hash. */
function told(mixed $value): ?string
{
    if ($value === null) {
        return null;
    }
    $text = (string) $value;
    if (!mb_check($text)) {
        $text = 'hex ' . bin2hex($text);
    }
    if (strlen($text) > LONG) {
        $text = strlen($text) . ' ' . md5($text);
    }
    return get_debug_type($value) . ':' . $text;
}

function mb_check(string $text): bool
{
    return preg_match('//u', $text) === 1;
}

/** Type letter of mysqli_stmt::bind_param, and the value. */
function bound(array $param): array
{
    $value = $param['v'] ?? '';
    return match ($param['t']) {
        'null' => ['s', null],
        'int' => ['i', (int) $value],
        'double' => ['d', (float) $value],
        'blob' => ['s', hex2bin($value)],
        'repeat' => ['s', str_repeat($value, $param['n'])],
        default => ['s', $value],
    };
}

function connect(array $request): mysqli
{
    $connection = mysqli_init();
    $flags = 0;
    if (isset($request['ca'])) {
        $connection->ssl_set(null, null, $request['ca'], null, null);
        $flags |= MYSQLI_CLIENT_SSL;
    }
    if ($request['compress'] ?? false) {
        $flags |= MYSQLI_CLIENT_COMPRESS;
    }
    $connection->options(MYSQLI_OPT_LOCAL_INFILE, 1);
    $connection->real_connect(
        $request['host'],
        $request['user'],
        $request['password'],
        $request['database'],
        $request['port'],
        null,
        $flags
    );
    $connection->set_charset('utf8mb4');
    return $connection;
}

function table(mysqli_result $result): array
{
    $columns = array_map(
        fn($field) => [$field->name, $field->type, $field->flags, $field->decimals],
        $result->fetch_fields()
    );
    $rows = array_map(fn($row) => array_map('told', $row), $result->fetch_all());
    return ['columns' => $columns, 'rows' => $rows];
}

function query(mysqli $connection, string $sql): array
{
    $connection->multi_query($sql);
    $found = [];
    do {
        $result = $connection->store_result();
        $found[] = $result instanceof mysqli_result
            ? table($result)
            : [
                'affected' => $connection->affected_rows,
                'insertId' => $connection->insert_id,
                'info' => $connection->info,
                'warnings' => $connection->warning_count,
            ];
    } while ($connection->more_results() && $connection->next_result());
    return $found;
}

function execute(mysqli_stmt $statement, array $params): array
{
    $values = array_map('bound', $params);
    if ($values !== []) {
        $statement->bind_param(implode('', array_column($values, 0)), ...array_column($values, 1));
    }
    $statement->execute();
    $found = [];
    do {
        $result = $statement->get_result();
        $found[] = $result instanceof mysqli_result
            ? table($result)
            : ['affected' => $statement->affected_rows, 'insertId' => $statement->insert_id];
    } while ($statement->more_results() && $statement->next_result());
    return $found;
}

class Driver
{
    private array $connections = [];
    private array $targets = [];
    private array $statements = [];

    public function do(array $request): mixed
    {
        $on = $request['on'] ?? 'main';
        $connection = $this->connections[$on] ?? null;
        switch ($request['op']) {
            case 'connect':
                $this->connections[$on] = connect($request);
                $this->targets[$on] = $request;
                return null;
            case 'close':
                $connection->close();
                unset($this->connections[$on]);
                return null;
            case 'info':
                $id = $connection->query('SELECT CONNECTION_ID()')->fetch_row()[0];
                return [
                    'version' => $connection->server_info,
                    'number' => $connection->server_version,
                    'protocol' => $connection->protocol_version,
                    'charset' => $connection->character_set_name(),
                    'statistics' => preg_match('/^Uptime: \d+ /', $connection->stat()),
                    'sameId' => (int) $id === $connection->thread_id,
                ];
            case 'query':
            case 'infile':
                return query($connection, $request['sql']);
            case 'execute':
                $statement = $connection->prepare($request['sql']);
                $found = execute($statement, $request['params']);
                $statement->close();
                return $found;
            case 'prepare':
                $this->statements[$request['name']] = $connection->prepare($request['sql']);
                return null;
            case 'run':
                return execute($this->statements[$request['name']], $request['params']);
            case 'unprepare':
                $this->statements[$request['name']]->close();
                unset($this->statements[$request['name']]);
                return null;
            case 'call':
                $connection->query('SET @out_of_call = NULL');
                $statement = $connection->prepare("CALL {$request['procedure']}(?, @out_of_call)");
                $found = execute($statement, [['t' => 'int', 'v' => (string) $request['value']]]);
                $statement->close();
                return [$found, query($connection, 'SELECT @out_of_call')];
            case 'stream':
                return $this->stream($connection->query($request['sql'], MYSQLI_USE_RESULT));
            case 'cursor':
                $statement = $connection->prepare($request['sql']);
                $statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
                $statement->execute();
                $statement->bind_result($one, $other);
                $rows = [];
                while ($statement->fetch()) {
                    $rows[] = [told($one), told($other)];
                }
                $statement->close();
                return $rows;
            case 'begin':
                return $connection->begin_transaction();
            case 'commit':
                return $connection->commit();
            case 'rollback':
                return $connection->rollback();
            case 'ping':
                return $connection->ping();
            case 'use':
                return $connection->select_db($request['database']);
            case 'changeUser':
                return $connection->change_user($request['user'], $request['password'], $request['database']);
            case 'cancel':
                return $this->cancel($connection, $this->targets[$on], $request['sql']);
        }
        throw new Unsupported();
    }

    private function stream(mysqli_result $result): array
    {
        $count = 0;
        $last = [];
        while (($row = $result->fetch_row()) !== null) {
            $count += 1;
            $last = $row;
        }
        $result->free();
        return ['rows' => $count, 'last' => array_map('told', $last)];
    }

    /** The statement runs asynchronously meanwhile. */
    private function cancel(mysqli $connection, array $target, string $sql): array
    {
        $connection->query($sql, MYSQLI_ASYNC);
        usleep(500_000);
        $other = connect($target);
        $other->query("KILL QUERY {$connection->thread_id}");
        $other->close();
        $result = $connection->reap_async_query();
        return $result instanceof mysqli_result ? [table($result)] : [$result];
    }
}

$driver = new Driver();
while (($line = fgets(STDIN)) !== false) {
    try {
        $answer = ['ok' => $driver->do(json_decode($line, true))];
    } catch (Unsupported) {
        $answer = ['unsupported' => true];
    } catch (mysqli_sql_exception $error) {
        $answer = [
            'error' => ['code' => $error->getCode(), 'state' => $error->getSqlState(), 'message' => $error->getMessage()],
        ];
    }
    echo json_encode($answer, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
}
