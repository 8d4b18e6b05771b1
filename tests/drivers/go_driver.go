// go-sql-driver/mysql: reads requests (see tests/src/drivers/driver.ts) from stdin and answers each with a line of JSON.
package main

import (
	"bufio"
	"context"
	"crypto/md5"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

const long = 200

var errUnsupported = errors.New("unsupported")

type param struct {
	T string `json:"t"`
	V string `json:"v"`
	N int    `json:"n"`
}

type request struct {
	Op        string    `json:"op"`
	On        string    `json:"on"`
	SQL       string    `json:"sql"`
	Name      string    `json:"name"`
	Params    []param   `json:"params"`
	Host      string    `json:"host"`
	Port      int       `json:"port"`
	User      string    `json:"user"`
	Password  string    `json:"password"`
	Database  string    `json:"database"`
	CA        string    `json:"ca"`
	Compress  bool      `json:"compress"`
	Procedure string    `json:"procedure"`
	Value     int       `json:"value"`
}

// A value as text with its type; long ones as length and hash.
func told(value interface{}) interface{} {
	if value == nil {
		return nil
	}
	text := fmt.Sprint(value)
	if bytes, ok := value.([]byte); ok {
		text = string(bytes)
		if strings.ToValidUTF8(text, "") != text {
			text = "hex " + hex.EncodeToString(bytes)
		}
	}
	if len(text) > long {
		text = fmt.Sprintf("%d %x", len(text), md5.Sum([]byte(text)))
	}
	return fmt.Sprintf("%T:%s", value, text)
}

func bound(params []param) []interface{} {
	values := make([]interface{}, len(params))
	for index, one := range params {
		switch one.T {
		case "null":
			values[index] = nil
		case "int":
			values[index], _ = strconv.ParseInt(one.V, 10, 64)
		case "double":
			values[index], _ = strconv.ParseFloat(one.V, 64)
		case "blob":
			values[index], _ = hex.DecodeString(one.V)
		case "repeat":
			values[index] = strings.Repeat(one.V, one.N)
		case "datetime":
			values[index], _ = time.Parse("2006-01-02 15:04:05.999999", one.V)
		default:
			values[index] = one.V
		}
	}
	return values
}

func open(asked request) (*sql.DB, error) {
	if asked.Compress {
		return nil, errUnsupported
	}
	config := mysql.NewConfig()
	config.User, config.Passwd, config.DBName = asked.User, asked.Password, asked.Database
	config.Net, config.Addr = "tcp", fmt.Sprintf("%s:%d", asked.Host, asked.Port)
	config.MultiStatements = true
	config.AllowAllFiles = true
	config.MaxAllowedPacket = 0 // as the server has it
	if asked.CA != "" {
		pem, err := os.ReadFile(asked.CA)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		if err := mysql.RegisterTLSConfig("test", &tls.Config{RootCAs: roots}); err != nil {
			return nil, err
		}
		config.TLSConfig = "test"
	}
	return sql.Open("mysql", config.FormatDSN())
}

func table(rows *sql.Rows) (interface{}, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	columns := [][]interface{}{}
	for _, one := range types {
		nullable, _ := one.Nullable()
		_, scale, _ := one.DecimalSize()
		columns = append(columns, []interface{}{one.Name(), one.DatabaseTypeName(), one.ScanType().String(), nullable, scale})
	}
	found := [][]interface{}{}
	for rows.Next() {
		row, err := scanned(rows, len(types))
		if err != nil {
			return nil, err
		}
		for index := range row {
			row[index] = told(row[index])
		}
		found = append(found, row)
	}
	return map[string]interface{}{"columns": columns, "rows": found}, rows.Err()
}

func scanned(rows *sql.Rows, width int) ([]interface{}, error) {
	row := make([]interface{}, width)
	targets := make([]interface{}, width)
	for index := range row {
		targets[index] = &row[index]
	}
	return row, rows.Scan(targets...)
}

func tables(rows *sql.Rows, err error) (interface{}, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := []interface{}{}
	for {
		one, err := table(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
		if !rows.NextResultSet() {
			return found, rows.Err()
		}
	}
}

// Which of its two calls an application uses, it knows from the statement.
func returnsRows(text string) bool {
	word := strings.ToUpper(strings.Fields(text)[0])
	return word == "SELECT" || word == "SHOW" || word == "CALL"
}

type execer interface {
	ExecContext(context.Context, string, ...interface{}) (sql.Result, error)
	QueryContext(context.Context, string, ...interface{}) (*sql.Rows, error)
}

func run(ctx context.Context, on execer, text string, values []interface{}) (interface{}, error) {
	if returnsRows(text) {
		return tables(on.QueryContext(ctx, text, values...))
	}
	return header(on.ExecContext(ctx, text, values...))
}

func header(result sql.Result, err error) (interface{}, error) {
	if err != nil {
		return nil, err
	}
	affected, _ := result.RowsAffected()
	id, _ := result.LastInsertId()
	return []interface{}{map[string]interface{}{"affected": affected, "insertId": id}}, nil
}

// One connection of a pool, since sessions are what is tested.
type connected struct {
	db          *sql.DB
	conn        *sql.Conn
	transaction *sql.Tx
}

func (one *connected) execer() execer {
	if one.transaction != nil {
		return one.transaction
	}
	return one.conn
}

type kept struct {
	statement *sql.Stmt
	text      string
}

var connections = map[string]*connected{}
var statements = map[string]kept{}
var pool *sql.DB

func do(asked request) (interface{}, error) {
	ctx := context.Background()
	if asked.On == "" {
		asked.On = "main"
	}
	on := connections[asked.On]
	switch asked.Op {
	case "connect":
		db, err := open(asked)
		if err != nil {
			return nil, err
		}
		conn, err := db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		connections[asked.On] = &connected{db: db, conn: conn}
		return nil, nil
	case "close":
		delete(connections, asked.On)
		if err := on.conn.Close(); err != nil {
			return nil, err
		}
		return nil, on.db.Close()
	case "query", "infile":
		return run(ctx, on.execer(), asked.SQL, nil)
	case "execute":
		return run(ctx, on.execer(), asked.SQL, bound(asked.Params))
	case "prepare":
		statement, err := on.conn.PrepareContext(ctx, asked.SQL)
		if err == nil {
			statements[asked.Name] = kept{statement, asked.SQL}
		}
		return nil, err
	case "run":
		one := statements[asked.Name]
		if returnsRows(one.text) {
			return tables(one.statement.QueryContext(ctx, bound(asked.Params)...))
		}
		return header(one.statement.ExecContext(ctx, bound(asked.Params)...))
	case "unprepare":
		one := statements[asked.Name]
		delete(statements, asked.Name)
		return nil, one.statement.Close()
	case "call":
		called, err := run(ctx, on.conn, fmt.Sprintf("CALL %s(%d, @out_of_call)", asked.Procedure, asked.Value), nil)
		if err != nil {
			return nil, err
		}
		out, err := run(ctx, on.conn, "SELECT @out_of_call", nil)
		return []interface{}{called, out}, err
	case "stream":
		return stream(on.conn.QueryContext(ctx, asked.SQL))
	case "begin":
		transaction, err := on.conn.BeginTx(ctx, nil)
		on.transaction = transaction
		return nil, err
	case "commit", "rollback":
		transaction := on.transaction
		on.transaction = nil
		if asked.Op == "commit" {
			return nil, transaction.Commit()
		}
		return nil, transaction.Rollback()
	case "ping":
		return nil, on.conn.PingContext(ctx)
	case "use":
		return run(ctx, on.conn, "USE `"+asked.Database+"`", nil)
	case "cancel":
		// A context that ends closes the connection; database/sql opens another one for the next statement.
		limited, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		found, err := run(limited, on.conn, asked.SQL, nil)
		again, connectErr := on.db.Conn(ctx)
		if connectErr != nil {
			return nil, connectErr
		}
		on.conn.Close()
		on.conn = again
		return found, err
	case "poolOpen":
		db, err := open(asked)
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(2)
		db.SetMaxIdleConns(2)
		pool = db
		return nil, nil
	case "poolRun":
		first, err := pool.Conn(ctx)
		if err != nil {
			return nil, err
		}
		defer first.Close()
		second, err := pool.Conn(ctx)
		if err != nil {
			return nil, err
		}
		defer second.Close()
		found := []interface{}{}
		for _, one := range []*sql.Conn{first, second} {
			if err := one.PingContext(ctx); err != nil {
				return nil, err
			}
			result, err := run(ctx, one, asked.SQL, nil)
			if err != nil {
				return nil, err
			}
			found = append(found, result)
		}
		return found, nil
	case "poolClose":
		return nil, pool.Close()
	}
	return nil, errUnsupported
}

func stream(rows *sql.Rows, err error) (interface{}, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	count, last := 0, []interface{}{}
	for rows.Next() {
		if last, err = scanned(rows, len(columns)); err != nil {
			return nil, err
		}
		count++
	}
	for index := range last {
		last[index] = told(last[index])
	}
	return map[string]interface{}{"rows": count, "last": last}, rows.Err()
}

func answer(asked request) map[string]interface{} {
	ok, err := do(asked)
	if err == nil {
		return map[string]interface{}{"ok": ok}
	}
	if errors.Is(err, errUnsupported) {
		return map[string]interface{}{"unsupported": true}
	}
	var fromServer *mysql.MySQLError
	var code interface{}
	if errors.As(err, &fromServer) {
		code = fromServer.Number
	}
	return map[string]interface{}{"error": map[string]interface{}{"code": code, "state": nil, "message": err.Error()}}
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := json.NewEncoder(os.Stdout)
	output.SetEscapeHTML(false)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		if err := output.Encode(answer(asked)); err != nil {
			return
		}
	}
}
