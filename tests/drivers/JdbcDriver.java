// MariaDB Connector/J: reads requests (see tests/src/drivers/driver.ts) from stdin and answers each with a line of JSON.
// Run as a source file; JSON is read and written here, since Java has none.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public class JdbcDriver {
  private static final int LONG = 200;

  private static class Unsupported extends RuntimeException {}

  private final Map<String, Connection> connections = new HashMap<>();
  private final Map<String, PreparedStatement> statements = new HashMap<>();
  private final List<Connection> pool = new ArrayList<>();

  /** A value as text with its type; long ones as length and hash. */
  private static String told(Object value) throws Exception {
    if (value == null) return null;
    String text = String.valueOf(value);
    if (value instanceof byte[]) {
      StringBuilder hex = new StringBuilder();
      for (byte one : (byte[]) value) hex.append(String.format("%02x", one));
      text = hex.toString();
    }
    if (text.length() > LONG) {
      byte[] hash = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
      text = text.length() + " " + Arrays.hashCode(hash);
    }
    return value.getClass().getSimpleName() + ":" + text;
  }

  @SuppressWarnings("unchecked")
  private static void bind(PreparedStatement statement, Object params) throws SQLException {
    int index = 0;
    for (Object one : (List<Object>) params) {
      Map<String, Object> param = (Map<String, Object>) one;
      String value = (String) param.getOrDefault("v", "");
      index += 1;
      switch ((String) param.get("t")) {
        case "null" -> statement.setNull(index, Types.NULL);
        case "int" -> statement.setLong(index, Long.parseLong(value));
        case "double" -> statement.setDouble(index, Double.parseDouble(value));
        case "decimal" -> statement.setBigDecimal(index, new BigDecimal(value));
        case "blob" -> {
          byte[] bytes = new byte[value.length() / 2];
          for (int at = 0; at < bytes.length; at += 1) {
            bytes[at] = (byte) Integer.parseInt(value.substring(2 * at, 2 * at + 2), 16);
          }
          statement.setBytes(index, bytes);
        }
        case "repeat" -> statement.setString(index, value.repeat(((Double) param.get("n")).intValue()));
        case "datetime" -> statement.setObject(index, java.time.LocalDateTime.parse(value.replace(' ', 'T')));
        default -> statement.setString(index, value);
      }
    }
  }

  private static Connection connect(Map<String, Object> request) throws SQLException {
    StringBuilder url = new StringBuilder("jdbc:mariadb://");
    url.append(request.get("host")).append(':').append(((Double) request.get("port")).intValue());
    url.append('/').append(request.get("database"));
    url.append("?useServerPrepStmts=true&allowMultiQueries=true&allowPublicKeyRetrieval=true&allowLocalInfile=true");
    if (Boolean.TRUE.equals(request.get("compress"))) url.append("&useCompression=true");
    if (request.get("ca") != null) url.append("&useSsl=true&serverSslCert=").append(request.get("ca"));
    return DriverManager.getConnection(url.toString(), (String) request.get("user"), (String) request.get("password"));
  }

  private static Map<String, Object> table(ResultSet rows) throws Exception {
    ResultSetMetaData meta = rows.getMetaData();
    List<Object> columns = new ArrayList<>();
    for (int index = 1; index <= meta.getColumnCount(); index += 1) {
      columns.add(List.of(
          meta.getColumnLabel(index), meta.getColumnTypeName(index), meta.getColumnClassName(index), meta.getScale(index)));
    }
    List<Object> found = new ArrayList<>();
    while (rows.next()) found.add(row(rows, meta.getColumnCount()));
    return ordered("columns", columns, "rows", found);
  }

  private static List<Object> row(ResultSet rows, int width) throws Exception {
    List<Object> values = new ArrayList<>();
    for (int index = 1; index <= width; index += 1) values.add(told(rows.getObject(index)));
    return values;
  }

  private static Map<String, Object> ordered(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int index = 0; index < pairs.length; index += 2) map.put((String) pairs[index], pairs[index + 1]);
    return map;
  }

  private static List<Object> results(Statement statement, boolean isTable) throws Exception {
    List<Object> found = new ArrayList<>();
    boolean table = isTable;
    while (table || statement.getUpdateCount() != -1) {
      if (table) {
        found.add(table(statement.getResultSet()));
      } else {
        List<Object> keys = new ArrayList<>();
        int count = statement.getUpdateCount();
        try (ResultSet generated = statement.getGeneratedKeys()) {
          while (generated.next()) keys.add(generated.getLong(1));
        } catch (SQLException error) {
          // it was not asked for them
        }
        found.add(ordered("affected", count, "insertIds", keys));
      }
      table = statement.getMoreResults();
    }
    return found;
  }

  private static List<Object> query(Connection connection, String sql) throws Exception {
    try (Statement statement = connection.createStatement()) {
      boolean isTable = statement.execute(sql, Statement.RETURN_GENERATED_KEYS);
      return results(statement, isTable);
    }
  }

  private static List<Object> run(PreparedStatement statement, Object params) throws Exception {
    bind(statement, params);
    return results(statement, statement.execute());
  }

  @SuppressWarnings("unchecked")
  private Object perform(Map<String, Object> request) throws Exception {
    String on = (String) request.getOrDefault("on", "main");
    String sql = (String) request.get("sql");
    Connection connection = connections.get(on);
    switch ((String) request.get("op")) {
      case "connect":
        connections.put(on, connect(request));
        return null;
      case "close":
        connections.remove(on).close();
        return null;
      case "info":
        return ordered(
            "version", connection.getMetaData().getDatabaseProductVersion(),
            "product", connection.getMetaData().getDatabaseProductName(),
            "isolation", connection.getTransactionIsolation(),
            "valid", connection.isValid(5));
      case "query":
      case "infile":
        return query(connection, sql);
      case "execute":
        try (PreparedStatement statement = connection.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS)) {
          return run(statement, request.get("params"));
        }
      case "prepare":
        statements.put((String) request.get("name"), connection.prepareStatement(sql));
        return null;
      case "run":
        return run(statements.get((String) request.get("name")), request.get("params"));
      case "unprepare":
        statements.remove((String) request.get("name")).close();
        return null;
      case "batch":
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
          for (Object params : (List<Object>) request.get("rows")) {
            bind(statement, params);
            statement.addBatch();
          }
          List<Object> counts = new ArrayList<>();
          for (int count : statement.executeBatch()) counts.add(count);
          return counts;
        }
      case "call":
        try (CallableStatement statement = connection.prepareCall("{call " + request.get("procedure") + "(?, ?)}")) {
          statement.setInt(1, ((Double) request.get("value")).intValue());
          statement.registerOutParameter(2, Types.INTEGER);
          boolean isTable = statement.execute();
          int out = statement.getInt(2);
          return List.of(out, results(statement, isTable));
        }
      case "stream":
        try (Statement statement = connection.createStatement()) {
          statement.setFetchSize(100);
          return stream(statement.executeQuery(sql));
        }
      case "begin":
        connection.setAutoCommit(false);
        return null;
      case "commit":
        connection.commit();
        connection.setAutoCommit(true);
        return null;
      case "rollback":
        connection.rollback();
        connection.setAutoCommit(true);
        return null;
      case "ping":
        return connection.isValid(5);
      case "use":
        connection.setCatalog((String) request.get("database"));
        return connection.getCatalog();
      case "cancel":
        try (Statement statement = connection.createStatement()) {
          statement.setQueryTimeout(1);
          return results(statement, statement.execute(sql));
        }
      case "poolOpen":
        pool.add(connect(request));
        pool.add(connect(request));
        return null;
      case "poolRun":
        List<Object> found = new ArrayList<>();
        // As HikariCP does: isValid() before a loan, the connection's own settings back afterwards.
        for (Connection one : pool) {
          found.add(one.isValid(5));
          one.setAutoCommit(false);
          found.add(query(one, sql));
          one.rollback();
          one.setAutoCommit(true);
          one.setReadOnly(false);
          one.clearWarnings();
        }
        return found;
      case "poolClose":
        for (Connection one : pool) one.close();
        pool.clear();
        return null;
      default:
        throw new Unsupported();
    }
  }

  private static Map<String, Object> stream(ResultSet rows) throws Exception {
    int width = rows.getMetaData().getColumnCount();
    int count = 0;
    List<Object> last = List.of();
    while (rows.next()) {
      count += 1;
      last = row(rows, width);
    }
    return ordered("rows", count, "last", last);
  }

  private Map<String, Object> answer(Map<String, Object> request) throws Exception {
    try {
      return ordered("ok", perform(request));
    } catch (Unsupported error) {
      return ordered("unsupported", true);
    } catch (SQLException error) {
      return ordered("error", ordered(
          "code", error.getErrorCode(), "state", error.getSQLState(), "message", String.valueOf(error.getMessage())));
    }
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] args) throws Exception {
    JdbcDriver driver = new JdbcDriver();
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      output.println(write(driver.answer((Map<String, Object>) new Json(line).value())));
    }
    System.exit(0); // threads of the driver's timers would go on
  }

  private static String write(Object value) {
    if (value instanceof Map<?, ?> map) {
      List<String> parts = new ArrayList<>();
      map.forEach((key, one) -> parts.add(write(key) + ":" + write(one)));
      return "{" + String.join(",", parts) + "}";
    }
    if (value instanceof List<?> list) return "[" + String.join(",", list.stream().map(JdbcDriver::write).toList()) + "]";
    if (!(value instanceof String text)) return String.valueOf(value);
    StringBuilder quoted = new StringBuilder("\"");
    for (char one : text.toCharArray()) {
      if (one == '"' || one == '\\') quoted.append('\\').append(one);
      else if (one < ' ') quoted.append(String.format("\\u%04x", (int) one));
      else quoted.append(one);
    }
    return quoted.append('"').toString();
  }

  /** As much of JSON as requests are made of. */
  private static class Json {
    private final String text;
    private int at;

    Json(String text) {
      this.text = text;
    }

    Object value() {
      char first = text.charAt(at);
      if (first == '"') return string();
      if (first == '{') return object();
      if (first == '[') return list();
      int start = at;
      while (at < text.length() && ",]}".indexOf(text.charAt(at)) == -1) at += 1;
      String word = text.substring(start, at);
      return switch (word) {
        case "true" -> Boolean.TRUE;
        case "false" -> Boolean.FALSE;
        case "null" -> null;
        default -> Double.valueOf(word);
      };
    }

    private Map<String, Object> object() {
      Map<String, Object> found = new HashMap<>();
      for (at += 1; text.charAt(at) != '}'; skipComma()) {
        String key = string();
        at += 1; // the colon
        found.put(key, value());
      }
      at += 1;
      return found;
    }

    private List<Object> list() {
      List<Object> found = new ArrayList<>();
      for (at += 1; text.charAt(at) != ']'; skipComma()) found.add(value());
      at += 1;
      return found;
    }

    private void skipComma() {
      if (text.charAt(at) == ',') at += 1;
    }

    private String string() {
      StringBuilder found = new StringBuilder();
      for (at += 1; text.charAt(at) != '"'; at += 1) {
        if (text.charAt(at) != '\\') {
          found.append(text.charAt(at));
          continue;
        }
        at += 1;
        switch (text.charAt(at)) {
          case 'n' -> found.append('\n');
          case 't' -> found.append('\t');
          case 'r' -> found.append('\r');
          case 'b' -> found.append('\b');
          case 'f' -> found.append('\f');
          case 'u' -> {
            found.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
            at += 4;
          }
          default -> found.append(text.charAt(at));
        }
      }
      at += 1;
      return found.toString();
    }
  }
}
