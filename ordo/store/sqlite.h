// SQLite behind one small wrapper: connection, prepared statements kept by their text, cursors that
// reset themselves, transactions that roll back unless committed. Errors name the file and the
// reason: InputError where the file is damaged, IoError otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace ordo::store {

/// A value bound to a `?`. Texts and blobs must live until the statement was run.
class Bind {
 public:
  struct Blob {
    std::string_view bytes;
  };
  Bind(std::nullptr_t) {}
  Bind(double value) : value_(value) {}
  Bind(std::string_view text) : value_(text) {}
  Bind(const std::string& text) : value_(std::string_view(text)) {}
  Bind(const char* text) : value_(std::string_view(text)) {}
  Bind(Blob blob) : value_(blob) {}
  template <std::integral T>
  Bind(T value) : value_(static_cast<std::int64_t>(value)) {}
  template <class T>
  Bind(const std::optional<T>& value) {
    if (value) *this = Bind(*value);
  }

 private:
  friend class Database;
  std::variant<std::monostate, std::int64_t, double, std::string_view, Blob> value_;
};

class Database;

/// Rows of a running statement; the statement goes back to its database at the end.
class Cursor {
 public:
  Cursor(Database& database, sqlite3_stmt* statement);
  Cursor(Cursor&& other) noexcept;
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();

  /// Steps to the next row; false after the last.
  bool next();
  // Columns of the row, from 0. Views last until the next step.
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;  ///< a NULL is NaN, which SQLite cannot hold otherwise
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  std::string string(int column) const { return std::string(text(column)); }

 private:
  Database* database_;
  sqlite3_stmt* statement_;
};

class Database {
 public:
  enum class Mode {
    read,       ///< must be there
    immutable,  ///< read, promising that nobody writes: works on read-only media
    write,      ///< must be there
    create,     ///< made if absent
  };
  Database(const std::filesystem::path& file, Mode mode, double lock_seconds);
  ~Database();
  Database(const Database&) = delete;

  const std::filesystem::path& file() const { return file_; }
  /// Runs statements that have no values to bind and no rows to keep.
  void execute(const std::string& statements);
  /// Starts one statement; it is prepared once and kept by its text.
  Cursor query(std::string_view statement, std::initializer_list<Bind> values = {});
  /// Runs one statement to its end; returns how many rows it changed.
  std::int64_t run(std::string_view statement, std::initializer_list<Bind> values = {});
  /// The integer in the first column of the first row; nullopt if there is none.
  std::optional<std::int64_t> number(std::string_view statement,
                                     std::initializer_list<Bind> values = {});
  std::int64_t last_insert_id() const;

 private:
  friend class Cursor;
  friend class Transaction;
  sqlite3_stmt* prepare(std::string_view statement);
  void give_back(sqlite3_stmt* statement);
  void close();
  [[noreturn]] void fail(int code) const;

  std::filesystem::path file_;
  double lock_seconds_;
  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> idle_;
};

/// BEGIN IMMEDIATE (or, for reading, BEGIN) until `commit`; rolled back at the end otherwise.
class Transaction {
 public:
  enum class Kind { read, write };
  explicit Transaction(Database& database, Kind kind = Kind::write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace ordo::store
