// Tokens stream through a line that is filled greedily; when it grows too long it is broken at the
// last of its outermost break points. Where lines break thus depends on the tokens alone. A comment
// stays behind the token that it stood behind, or on a line of its own.
#include "ordo/machine/fmc_format.h"

#include <algorithm>
#include <deque>

#include "ordo/machine/fmc_tokens.h"

namespace ordo::machine::fmc {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::size_t kMaxIndent = 40;
constexpr std::uint32_t kNoBreak = ~0U;

struct Comment {
  std::string_view text;
  bool blank_before = false;  // an empty line stands above it
  bool own_line = false;
};

// What stands between two tokens.
struct Gap {
  std::vector<Comment> comments;
  bool blank_after = false;  // an empty line before the next token
};

Gap read_gap(std::string_view text) {
  Gap gap;
  bool own_line = false, blank = false;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos) {
      line = line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
      gap.comments.push_back({line, blank, own_line});
      blank = false;
    } else if (own_line && end < text.size()) {
      blank = true;
    }
    if (end == text.size()) break;
    own_line = true;
    text.remove_prefix(end + 1);
  }
  gap.blank_after = blank;
  return gap;
}

class Formatter {
 public:
  Formatter(const SourceMap& sources, SourceId file)
      : sources_(sources), text_(sources.text(file)), lexer_(sources, file, marks()) {
    for (Token& token : ahead_) token = lexer_.next();
  }

  std::string run() {
    gap_before(ahead_[0]);
    while (ahead_[0].kind != TokenKind::end) {
      const Token token = ahead_[0];
      const bool ends = mark(token) == kDot && declaration_follows();
      place(token);
      ahead_[0] = ahead_[1];
      ahead_[1] = ahead_[2];
      ahead_[2] = lexer_.next();
      done_ = token.span.end;
      if (ends) end_declaration_ = true;
      gap_before(ahead_[0]);
    }
    flush();
    return std::move(out_);
  }

 private:
  struct Piece {
    std::string_view text;
    bool space;                         // before it, unless it begins a line
    std::uint32_t break_at = kNoBreak;  // how far in a break before it stands; smaller is better
    std::uint32_t depth = 0;
  };

  static Mark mark(const Token& token) {
    return token.kind == TokenKind::punctuation ? static_cast<Mark>(token.code) : kMarkNone;
  }
  std::string_view spelled(const Token& token) const { return sources_.text(token.span); }
  bool keyword(const Token& token) const {
    return token.kind == TokenKind::lower && is_keyword(spelled(token));
  }
  bool declaration_follows() const {
    return ahead_[1].kind == TokenKind::end || keyword(ahead_[1]) ||
           (ahead_[1].kind == TokenKind::lower && mark(ahead_[2]) == kAssign);
  }

  // Comments and blank lines up to `next`.
  void gap_before(const Token& next) {
    const Gap gap = read_gap(text_.substr(done_, next.span.begin - done_));
    const bool top = end_declaration_ || !previous_;
    for (const Comment& comment : gap.comments) {
      if (comment.own_line || !previous_) {
        flush();
        if (top && comment.blank_before && !out_.empty()) out_ += '\n';
        if (!top) out_.append(indent(depth_), ' ');
        out_ += comment.text;
        out_ += '\n';
      } else {
        behind_ = comment.text;
        flush();
      }
    }
    if (!top) return;
    flush();
    if (gap.blank_after && !out_.empty() && next.kind != TokenKind::end) out_ += '\n';
    previous_ = false;
    end_declaration_ = false;
    depth_ = 0;
    in_memory_ = false;
  }

  void place(const Token& token) {
    const Mark m = mark(token);
    if ((m == kClose || m == kRight || m == kGreater) && depth_ > 0) --depth_;
    Piece piece{spelled(token), previous_ && space_before(token)};
    if (previous_) piece.break_at = break_before(token);
    piece.depth = depth_;
    append(piece);
    if (m == kOpen || m == kLeft || m == kLess) ++depth_;
    if (keyword(token)) in_memory_ = spelled(token) == "with";
    before_last_ = previous_ ? mark(last_) : kMarkNone;
    last_ = token;
    previous_ = true;
  }

  bool word(const Token& token) const {
    return token.kind == TokenKind::lower || token.kind == TokenKind::upper ||
           token.kind == TokenKind::integer || token.kind == TokenKind::string ||
           mark(token) == kStar;
  }

  bool space_before(const Token& token) const {
    const Mark m = mark(token), before = mark(last_);
    if (m == kRight || m == kClose || m == kGreater || m == kDot || m == kSemicolon || m == kCaret)
      return false;
    if (keyword(token) || keyword(last_)) return true;
    // `<x : Int>` but `c: 5` and `Exn: Int`.
    if (m == kColon) return before_last_ == kLess;
    switch (before) {
      case kLeft:
      case kOpen:
      case kLess:
      case kDot:
      case kCaret:
      case kFrame:
        return false;
      case kClose:
        return in_memory_ || token.kind != TokenKind::lower;
      default:
        break;
    }
    return !(word(last_) && m == kLess);
  }

  // A break may stand after ';' and '.', and before '|' and `with`.
  std::uint32_t break_before(const Token& token) const {
    const Mark before = mark(last_);
    if (before == kSemicolon || mark(token) == kBar || keyword(token)) return 2 * depth_;
    return before == kDot ? 2 * depth_ + 1 : kNoBreak;
  }

  static std::size_t indent(std::uint32_t depth) {
    return std::min<std::size_t>(2 * (std::size_t{depth} + 1), kMaxIndent);
  }

  void append(const Piece& piece) {
    width_ += (piece.space && !line_.empty() ? 1 : 0) + columns(piece.text);
    if (!line_.empty() && piece.break_at <= best_break_) {
      best_break_ = piece.break_at;
      best_ = piece.break_at == kNoBreak ? 0 : line_.size();
    }
    line_.push_back(piece);
    while (width_ > kColumns && best_ > 0) {
      std::vector<Piece> rest(line_.begin() + static_cast<std::ptrdiff_t>(best_), line_.end());
      line_.resize(best_);
      write_line();
      start_ = indent(rest.front().depth);
      width_ = start_;
      for (const Piece& moved : rest) {
        width_ += (moved.space && !line_.empty() ? 1 : 0) + columns(moved.text);
        if (!line_.empty() && moved.break_at <= best_break_) {
          best_break_ = moved.break_at;
          best_ = moved.break_at == kNoBreak ? 0 : line_.size();
        }
        line_.push_back(moved);
      }
    }
  }

  // Ends the line, with the comment behind it if there is one.
  void flush() {
    if (line_.empty() && behind_.empty()) return;
    write_line();
    start_ = end_declaration_ ? 0 : indent(depth_);
    width_ = start_;
  }
  void write_line() {
    out_.append(start_, ' ');
    for (const Piece& piece : line_) {
      if (piece.space && &piece != &line_.front()) out_ += ' ';
      out_ += piece.text;
    }
    if (!behind_.empty()) {
      out_ += "  ";
      out_ += behind_;
      behind_ = {};
    }
    out_ += '\n';
    line_.clear();
    best_ = 0;
    best_break_ = kNoBreak;
  }

  static std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  }

  static constexpr Mark kMarkNone = static_cast<Mark>(~0U);

  const SourceMap& sources_;
  std::string_view text_;
  Lexer lexer_;
  std::array<Token, 3> ahead_;
  std::size_t done_ = 0;  // the text before is written
  std::string out_;
  std::vector<Piece> line_;
  std::size_t start_ = 0;  // the line's indentation
  std::size_t width_ = 0;
  std::size_t best_ = 0;  // where the line would be broken; 0: nowhere
  std::uint32_t best_break_ = kNoBreak;
  std::string_view behind_;  // a comment for the line's end
  Token last_;
  Mark before_last_ = kMarkNone;
  bool previous_ = false;  // a token of this declaration stands before
  bool end_declaration_ = false;
  bool in_memory_ = false;
  std::uint32_t depth_ = 0;
};

}  // namespace

std::string format_source(const SourceMap& sources, SourceId file) {
  return Formatter(sources, file).run();
}

}  // namespace ordo::machine::fmc
