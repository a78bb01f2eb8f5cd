// Server-sent events out of a stream of bytes (WHATWG HTML, "9.2 Server-sent events"). Lines end
// with LF, CR or CRLF; "field: value" adds to the event, an empty line ends it; lines that begin
// with a colon are comments. Bytes may come in pieces of any length.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace ordo::http {

class EventParser {
 public:
  struct Event {
    std::string type = "message";
    std::string data;  ///< lines of data joined by line feeds
  };
  /// What becomes of an event; false: nothing more is wanted.
  using Receiver = std::function<bool(const Event&)>;

  explicit EventParser(std::size_t max_bytes = std::size_t{8} << 20) : max_bytes_(max_bytes) {}

  /// Takes the next bytes. False once the receiver wanted no more. Throws InputError for an event
  /// of more than `max_bytes`. An event that the stream breaks off is never told.
  bool feed(std::string_view bytes, const Receiver& receive);

 private:
  bool end_line(const Receiver& receive);
  bool dispatch(const Receiver& receive);
  void append(std::string_view part);

  std::size_t max_bytes_;
  std::string line_;
  Event event_;
  bool has_data_ = false;
  bool after_return_ = false;  // a line feed that comes now belongs to the carriage return
  bool is_first_line_ = true;  // which may begin with a byte order mark
  bool is_ended_ = false;
};

}  // namespace ordo::http
