<?php
// PDO with pdo_mysql: reads requests (see tests/src/drivers/driver.ts) from stdin and answers each with a line of JSON.

const LONG = 200;

class Unsupported extends Exception {}

/** A value as text with its type; long ones as length and hash. */
function told(mixed $value): ?string
{
    if ($value === null) {
        return null;
    }
    $text = (string) $value;
    if (preg_match('//u', $text) !== 1) {
        $text = 'hex ' . bin2hex($text);
    }
    if (strlen($text) > LONG) {
        $text = strlen($text) . ' ' . md5($text);
    }
    return get_debug_type($value) . ':' . $text;
}

function bound(array $param): array
{
    $value = $param['v'] ?? '';
    return match ($param['t']) {
        'null' => [null, PDO::PARAM_NULL],
        'int' => [(int) $value, PDO::PARAM_INT],
        'blob' => [hex2bin($value), PDO::PARAM_LOB],
        'repeat' => [str_repeat($value, $param['n']), PDO::PARAM_STR],
        default => [$value, PDO::PARAM_STR],
    };
}

function connect(array $request): PDO
{
    $options = [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        // Prepared on the server; statements without parameters are text all the same.
        PDO::ATTR_EMULATE_PREPARES => false,
        PDO::MYSQL_ATTR_LOCAL_INFILE => true,
    ];
    if (isset($request['ca'])) {
        $options[PDO::MYSQL_ATTR_SSL_CA] = $request['ca'];
    }
    if ($request['compress'] ?? false) {
        $options[PDO::MYSQL_ATTR_COMPRESS] = true;
    }
    $at = "mysql:host={$request['host']};port={$request['port']};dbname={$request['database']};charset=utf8mb4";
    return new PDO($at, $request['user'], $request['password'], $options);
}

function columns(PDOStatement $statement): array
{
    $columns = [];
    for ($index = 0; $index < $statement->columnCount(); $index += 1) {
        $meta = $statement->getColumnMeta($index);
        $columns[] = [$meta['name'], $meta['native_type'] ?? null, $meta['flags'], $meta['precision']];
    }
    return $columns;
}

function results(PDO $connection, PDOStatement $statement): array
{
    $found = [];
    do {
        if ($statement->columnCount() === 0) {
            $found[] = ['affected' => $statement->rowCount(), 'insertId' => $connection->lastInsertId()];
        } else {
            $columns = columns($statement);
            $rows = array_map(fn($row) => array_map('told', $row), $statement->fetchAll(PDO::FETCH_NUM));
            $found[] = ['columns' => $columns, 'rows' => $rows];
        }
    } while ($statement->nextRowset());
    return $found;
}

/** As text. */
function query(PDO $connection, string $sql): array
{
    $connection->setAttribute(PDO::ATTR_EMULATE_PREPARES, true);
    try {
        return results($connection, $connection->query($sql));
    } finally {
        $connection->setAttribute(PDO::ATTR_EMULATE_PREPARES, false);
    }
}

function execute(PDO $connection, PDOStatement $statement, array $params): array
{
    foreach ($params as $index => $param) {
        [$value, $type] = bound($param);
        $statement->bindValue($index + 1, $value, $type);
    }
    $statement->execute();
    return results($connection, $statement);
}

class Driver
{
    private array $connections = [];
    private array $statements = [];

    public function do(array $request): mixed
    {
        $on = $request['on'] ?? 'main';
        $connection = $this->connections[$on] ?? null;
        switch ($request['op']) {
            case 'connect':
                $this->connections[$on] = connect($request);
                return null;
            case 'close':
                unset($this->connections[$on]);
                return null;
            case 'info':
                return [
                    'version' => $connection->getAttribute(PDO::ATTR_SERVER_VERSION),
                    'connection' => $connection->getAttribute(PDO::ATTR_CONNECTION_STATUS),
                    'statistics' => preg_match('/^Uptime: \d+ /', $connection->getAttribute(PDO::ATTR_SERVER_INFO)),
                ];
            case 'query':
            case 'infile':
                return query($connection, $request['sql']);
            case 'execute':
                return execute($connection, $connection->prepare($request['sql']), $request['params']);
            case 'prepare':
                $this->statements[$request['name']] = $connection->prepare($request['sql']);
                return null;
            case 'run':
                return execute($connection, $this->statements[$request['name']], $request['params']);
            case 'unprepare':
                unset($this->statements[$request['name']]);
                return null;
            case 'call':
                query($connection, 'SET @out_of_call = NULL');
                $statement = $connection->prepare("CALL {$request['procedure']}(?, @out_of_call)");
                $found = execute($connection, $statement, [['t' => 'int', 'v' => (string) $request['value']]]);
                $statement = null;
                return [$found, query($connection, 'SELECT @out_of_call')];
            case 'stream':
                $connection->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, false);
                try {
                    return $this->stream($connection->query($request['sql']));
                } finally {
                    $connection->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, true);
                }
            case 'begin':
                return $connection->beginTransaction();
            case 'commit':
                return $connection->commit();
            case 'rollback':
                return $connection->rollBack();
            case 'use':
                return query($connection, "USE `{$request['database']}`");
        }
        throw new Unsupported();
    }

    private function stream(PDOStatement $statement): array
    {
        $count = 0;
        $last = [];
        while (($row = $statement->fetch(PDO::FETCH_NUM)) !== false) {
            $count += 1;
            $last = $row;
        }
        return ['rows' => $count, 'last' => array_map('told', $last)];
    }
}

$driver = new Driver();
while (($line = fgets(STDIN)) !== false) {
    try {
        $answer = ['ok' => $driver->do(json_decode($line, true))];
    } catch (Unsupported) {
        $answer = ['unsupported' => true];
    } catch (PDOException $error) {
        [$state, $code] = ($error->errorInfo ?? []) + [null, null];
        $answer = ['error' => ['code' => $code, 'state' => $state, 'message' => $error->getMessage()]];
    }
    echo json_encode($answer, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
}
