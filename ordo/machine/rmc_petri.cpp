#include "ordo/machine/rmc_petri.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/machine/integer.h"
#include "ordo/machine/lexer.h"
#include "ordo/machine/xml.h"

namespace ordo::machine::rmc {
namespace {

constexpr std::uint32_t kMaxTokens = 1'000'000;  // in one place; a token is a term on a stack

// A decimal number of tokens, or nullopt.
std::optional<std::uint32_t> token_count(std::string_view text) {
  const auto number = Integer::parse(text);
  if (!number) return std::nullopt;
  const auto value = number->small();
  if (!value || *value < 0 || *value > kMaxTokens) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

void add_tokens(PetriTokens& tokens, std::uint32_t place, std::uint32_t count) {
  if (count == 0) return;
  for (auto& [at, n] : tokens) {
    if (at == place) {
      n += count;
      return;
    }
  }
  tokens.emplace_back(place, count);
}

// ---- one-line texts ----

enum Mark : std::uint32_t { kColon, kArrow, kPlus };
const std::vector<Punctuation> kMarks{
    {":", kColon}, {"->", kArrow}, {"→", kArrow}, {"+", kPlus}, {",", kPlus}};

struct Failed {};

class LineReader {
 public:
  LineReader(const SourceMap& sources, SourceId file, PetriNet& net, Diagnostics& problems)
      : sources_(sources), net_(net), problems_(problems), lexer_(sources, file, kMarks) {
    advance();
    for (std::uint32_t i = 0; i < net.places.size(); ++i) places_.emplace(net.places[i], i);
  }

  void read_net() {
    bool marked = false;
    while (token_.kind != TokenKind::end) {
      const std::uint32_t start = token_.span.begin;
      try {
        read_line(marked);
      } catch (const Failed&) {
        if (token_.span.begin == start) advance();  // what begins no line
        while (!new_line_ && token_.kind != TokenKind::end) advance();
      }
    }
  }

  // The whole text as tokens of known places.
  PetriTokens read_marking() {
    try {
      new_line_ = false;
      PetriTokens tokens = read_tokens(Places::known);
      if (token_.kind != TokenKind::end) expected("'+' or the end");
      return tokens;
    } catch (const Failed&) {
      return {};
    }
  }

 private:
  enum class Places { known, any };

  void advance() {
    const std::uint32_t end = token_.span.end;
    token_ = lexer_.next();
    const std::string_view between =
        sources_.text(Span{token_.span.source, end, token_.span.begin});
    new_line_ = between.find('\n') != std::string_view::npos;
  }
  bool at(Mark mark) const { return token_.kind == TokenKind::punctuation && token_.code == mark; }
  bool at_name() const {
    return token_.kind == TokenKind::lower || token_.kind == TokenKind::upper;
  }
  std::string text() const { return std::string(sources_.text(token_.span)); }

  [[noreturn]] void fail(Span span, std::string message, std::string hint = {}) {
    problems_.error(span, std::move(message), std::move(hint));
    throw Failed{};
  }
  [[noreturn]] void expected(std::string_view what) {
    if (token_.kind == TokenKind::bad) fail(token_.span, lexer_.problem());
    const bool over = token_.kind == TokenKind::end;
    fail(token_.span, fmt::format("expected {}, found {}", what,
                                  over ? "the end of the text" : "'" + text() + "'"));
  }

  void read_line(bool& marked) {
    if (!at_name()) expected("a transition's name or 'marking'");
    const std::string name = text();
    const Span span = token_.span;
    advance();
    if (!at(kColon)) expected("':'");
    advance();
    if (name == "marking") {
      if (marked) fail(span, "there is a second marking");
      marked = true;
      net_.marking = read_tokens(Places::any);
    } else {
      PetriNet::Transition transition{name, read_tokens(Places::any), {}};
      if (!at(kArrow) || new_line_) expected("'->'");
      advance();
      transition.gives = read_tokens(Places::any);
      if (!names_.insert(name).second) fail(span, fmt::format("a second transition '{}'", name));
      net_.transitions.push_back(std::move(transition));
    }
    if (token_.kind != TokenKind::end && !new_line_) expected("'+' or the line's end");
  }

  // Up to the line's end or an arrow; '0' and nothing are no tokens.
  PetriTokens read_tokens(Places which) {
    PetriTokens tokens;
    bool wanted = false;  // after a '+'
    while (wanted || (!new_line_ && !at(kArrow) && token_.kind != TokenKind::end)) {
      std::uint32_t count = 1;
      if (token_.kind == TokenKind::integer) {
        const auto number = token_count(text());
        if (!number) fail(token_.span, fmt::format("expected 0 to {} tokens", kMaxTokens));
        count = *number;
        advance();
        const bool lone = new_line_ || !at_name();
        if (lone && count != 0) expected("a place");
        if (lone) break;
      }
      if (!at_name()) expected("a place");
      add_tokens(tokens, place(which), count);
      advance();
      if (new_line_ || !at(kPlus)) break;
      advance();
      wanted = true;
    }
    return tokens;
  }

  std::uint32_t place(Places which) {
    const std::string name = text();
    const auto found = places_.find(name);
    if (found != places_.end()) return found->second;
    if (which == Places::known) fail(token_.span, fmt::format("the net has no place '{}'", name));
    net_.places.push_back(name);
    const auto made = static_cast<std::uint32_t>(net_.places.size() - 1);
    places_.emplace(name, made);
    return made;
  }

  const SourceMap& sources_;
  PetriNet& net_;
  Diagnostics& problems_;
  Lexer lexer_;
  Token token_;
  bool new_line_ = false;  // whether a line break stands before the token
  std::unordered_map<std::string, std::uint32_t> places_;
  std::set<std::string> names_;
};

// ---- PNML ----

class PnmlReader {
 public:
  PnmlReader(const SourceMap& sources, SourceId file, Diagnostics& problems)
      : problems_(problems), reader_(sources, file) {}

  PetriNet read() {
    const XmlEvent root = reader_.next();
    if (root.name != "pnml") fail(root.span, "expected <pnml>");
    bool found = false;
    for (XmlEvent e = reader_.next(); e.kind != XmlEvent::Kind::close; e = reader_.next()) {
      if (e.kind == XmlEvent::Kind::text) {
        check_blank(e);
      } else if (e.name != "net") {
        skip();
      } else if (found) {
        fail(e.span, "there is a second <net>", "a file holds one net; split it");
      } else {
        found = true;
        check_type(e);
        read_page();
      }
    }
    if (!found) fail(root.span, "<pnml> holds no <net>");
    (void)reader_.next();  // nothing may follow
    return finish();
  }

 private:
  struct Node {
    std::string id, name;
    std::uint32_t tokens = 0;
  };
  struct Arc {
    std::string source, target;
    std::uint32_t weight = 1;
    Span span;
  };

  [[noreturn]] void fail(Span span, const std::string& message, const std::string& hint = {}) {
    problems_.error(span, message, hint);
    problems_.throw_if_any();
    throw Failed{};  // not reached
  }
  void check_blank(const XmlEvent& e) {
    if (e.text.find_first_not_of(" \t\r\n") != std::string::npos)
      fail(e.span, "expected an element, found text");
  }
  void check_type(const XmlEvent& e) {
    const std::string* type = e.find("type");
    if (type == nullptr) return;
    const bool simple =
        type->ends_with("ptnet") || type->ends_with("PTNet") || type->ends_with("P/T net");
    if (!simple)
      fail(e.span, fmt::format("this net's type is '{}'", *type),
           "place/transition nets are read: "
           "type=\"http://www.pnml.org/version-2009/grammar/ptnet\"");
  }
  std::string identifier(const XmlEvent& e) {
    const std::string* id = e.find("id");
    if (id == nullptr || id->empty()) fail(e.span, fmt::format("<{}> needs an id", e.name));
    if (!nodes_.insert(*id).second) fail(e.span, fmt::format("the id '{}' stands twice", *id));
    return *id;
  }

  // The inside of a net or of pages in it, whose depth is counted.
  void read_page() {
    for (std::size_t depth = 1; depth > 0;) {
      const XmlEvent e = reader_.next();
      if (e.kind == XmlEvent::Kind::close) {
        --depth;
      } else if (e.kind == XmlEvent::Kind::text) {
        check_blank(e);
      } else if (e.name == "page") {
        ++depth;
      } else if (e.name == "place") {
        places_.push_back(read_node(e));
      } else if (e.name == "transition") {
        transitions_.push_back(read_node(e));
      } else if (e.name == "arc") {
        read_arc(e);
      } else if (e.name == "referencePlace" || e.name == "referenceTransition") {
        fail(e.span, "reference nodes are not read", "export the net as one page");
      } else {
        skip();
      }
    }
  }

  Node read_node(const XmlEvent& open) {
    Node node{identifier(open), {}, 0};
    for (XmlEvent e = reader_.next(); e.kind != XmlEvent::Kind::close; e = reader_.next()) {
      if (e.kind == XmlEvent::Kind::text)
        check_blank(e);
      else if (e.name == "name")
        node.name = read_label();
      else if (e.name == "initialMarking")
        node.tokens = read_number(e);
      else
        skip();
    }
    return node;
  }

  void read_arc(const XmlEvent& open) {
    (void)identifier(open);
    const std::string *source = open.find("source"), *target = open.find("target");
    if (source == nullptr || target == nullptr)
      fail(open.span, "an arc needs a source and a target");
    Arc arc{*source, *target, 1, open.span};
    for (XmlEvent e = reader_.next(); e.kind != XmlEvent::Kind::close; e = reader_.next()) {
      if (e.kind == XmlEvent::Kind::text) {
        check_blank(e);
      } else if (e.name == "inscription") {
        arc.weight = read_number(e);
      } else if (e.name == "type") {
        fail(e.span, "arcs of a special type (inhibitor, read, reset) are not read");
      } else {
        skip();
      }
    }
    arcs_.push_back(std::move(arc));
  }

  // What <text>...</text> inside the open element says; other children are skipped.
  std::string read_label() {
    std::string label;
    for (XmlEvent e = reader_.next(); e.kind != XmlEvent::Kind::close; e = reader_.next()) {
      if (e.kind != XmlEvent::Kind::open) continue;
      if (e.name != "text") {
        skip();
        continue;
      }
      for (XmlEvent t = reader_.next(); t.kind != XmlEvent::Kind::close; t = reader_.next()) {
        if (t.kind == XmlEvent::Kind::open) fail(t.span, "expected text, found an element");
        label += t.text;
      }
    }
    const std::size_t begin = label.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return "";
    return label.substr(begin, label.find_last_not_of(" \t\r\n") - begin + 1);
  }
  std::uint32_t read_number(const XmlEvent& open) {
    const std::string label = read_label();
    const auto number = token_count(label);
    if (!number)
      fail(open.span, fmt::format("expected 0 to {} in <text>, found '{}'", kMaxTokens, label));
    return *number;
  }
  void skip() {
    for (std::size_t depth = 1; depth > 0;) {
      const XmlEvent e = reader_.next();
      if (e.kind == XmlEvent::Kind::open) ++depth;
      if (e.kind == XmlEvent::Kind::close) --depth;
    }
  }

  // Names where all are different, ids else.
  static std::vector<std::string> display_names(const std::vector<Node>& nodes) {
    std::set<std::string> seen;
    const bool named = std::all_of(nodes.begin(), nodes.end(), [&](const Node& node) {
      return !node.name.empty() && seen.insert(node.name).second;
    });
    std::vector<std::string> names;
    for (const Node& node : nodes) names.push_back(named ? node.name : node.id);
    return names;
  }

  PetriNet finish() {
    PetriNet net;
    net.places = display_names(places_);
    std::unordered_map<std::string_view, std::uint32_t> place, transition;
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
      place.emplace(places_[i].id, i);
      add_tokens(net.marking, i, places_[i].tokens);
    }
    const std::vector<std::string> names = display_names(transitions_);
    for (std::uint32_t i = 0; i < transitions_.size(); ++i) {
      transition.emplace(transitions_[i].id, i);
      net.transitions.push_back({names[i], {}, {}});
    }
    for (const Arc& arc : arcs_) {
      const bool takes = place.contains(arc.source) && transition.contains(arc.target);
      const bool gives = transition.contains(arc.source) && place.contains(arc.target);
      if (!takes && !gives) {
        fail(arc.span,
             fmt::format("an arc joins a place and a transition; '{}' and '{}' are not that",
                         arc.source, arc.target));
      }
      if (takes)
        add_tokens(net.transitions[transition[arc.target]].takes, place[arc.source], arc.weight);
      else
        add_tokens(net.transitions[transition[arc.source]].gives, place[arc.target], arc.weight);
    }
    return net;
  }

  Diagnostics& problems_;
  XmlReader reader_;
  std::set<std::string> nodes_;
  std::vector<Node> places_, transitions_;
  std::vector<Arc> arcs_;
};

}  // namespace

PetriNet read_petri(const SourceMap& sources, SourceId file, Diagnostics& problems) {
  const std::string_view text = sources.text(file);
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string_view::npos && text[first] == '<')
    return PnmlReader(sources, file, problems).read();
  PetriNet net;
  LineReader(sources, file, net, problems).read_net();
  return net;
}

PetriTokens read_petri_tokens(const SourceMap& sources, SourceId file, const PetriNet& net,
                              Diagnostics& problems) {
  PetriNet known = net;
  return LineReader(sources, file, known, problems).read_marking();
}

}  // namespace ordo::machine::rmc
