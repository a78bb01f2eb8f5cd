// Types as text, with an explicit stack of pieces: stack tails are ..s ..t, values a b c, rows of
// exits X Y. A field about which nothing is known, and whose type stands nowhere else, is left out.
#include <algorithm>
#include <map>

#include "ordo/machine/fmc_type_graph.h"

namespace ordo::machine::fmc {
namespace {

constexpr std::size_t kLimit = 20'000;

struct Piece {
  enum class Kind { text, arrow, memory, value } kind;
  TypeId type;
  std::string text;
};

class TypePrinter {
 public:
  TypePrinter(const Terms& terms, TypeGraph& graph, TypeId root)
      : terms_(terms), graph_(graph), references_(graph.references(root)) {}

  std::string print(TypeId root) {
    const bool is_arrow = graph_[root].kind == Kind::arrow;
    todo_.push_back({is_arrow ? Piece::Kind::arrow : Piece::Kind::value, root, {}});
    while (!todo_.empty() && out_.size() < kLimit) {
      const Piece piece = std::move(todo_.back());
      todo_.pop_back();
      if (piece.kind == Piece::Kind::text) out_ += piece.text;
      if (piece.kind == Piece::Kind::arrow) arrow(graph_[piece.type]);
      if (piece.kind == Piece::Kind::memory) memory(piece.type);
      if (piece.kind == Piece::Kind::value) value(piece.type);
      todo_.insert(todo_.end(), std::make_move_iterator(pieces_.rbegin()),
                   std::make_move_iterator(pieces_.rend()));
      pieces_.clear();
    }
    return out_.size() < kLimit ? out_ : out_.substr(0, kLimit) + "...";
  }

 private:
  using Names = std::map<TypeId, std::string>;

  void say(std::string text) { pieces_.push_back({Piece::Kind::text, 0, std::move(text)}); }
  void then(Piece::Kind kind, TypeId type) { pieces_.push_back({kind, type, {}}); }

  const std::string& named(Names& names, TypeId id, std::string_view letters) {
    const auto [place, fresh] = names.try_emplace(graph_.find(id));
    if (fresh) {
      const std::size_t n = names.size() - 1;
      place->second = letters[n % letters.size()];
      if (n >= letters.size()) place->second += std::to_string(n / letters.size());
    }
    return place->second;
  }

  std::string label_text(Symbol label) const {
    if (label == kAnyInteger) return "any Int";
    return label == kAnyString ? "any Str" : terms_.text(label);
  }

  // The fields that say something, by name, and the row's end.
  std::pair<std::vector<std::pair<Symbol, TypeId>>, TypeId> fields(TypeId row) {
    std::vector<std::pair<Symbol, TypeId>> all;
    const auto idle = [&](TypeId type) {
      return graph_[type].kind == Kind::variable && references_[graph_.find(type)] == 1;
    };
    for (row = graph_.find(row); graph_[row].kind == Kind::field;
         row = graph_.find(graph_[row].second)) {
      const TypeNode node = graph_[row];
      const bool known =
          std::any_of(all.begin(), all.end(), [&](const auto& f) { return f.first == node.label; });
      if (!known && !idle(node.first)) all.emplace_back(node.label, node.first);
    }
    std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
      return label_text(a.first) < label_text(b.first);
    });
    return {std::move(all), row};
  }

  void arrow(const TypeNode& node) {
    then(Piece::Kind::memory, node.first);
    const bool framed = graph_[memory_end(node.first)].kind == Kind::frame;
    say(framed && fields_are_empty(node.first) ? "=>" : " =>");
    const auto [all, rest] = fields(node.second);
    const char* separator = " ";
    for (const auto& [jump, memory] : all) {
      say(separator + label_text(jump) + ":");
      if (graph_[memory].kind != Kind::field || !fields_are_empty(memory)) say(" ");
      then(Piece::Kind::memory, memory);
      separator = " | ";
    }
    if (all.empty()) say(" " + named(rows_, rest, "XYZW"));
  }

  TypeId memory_end(TypeId row) {
    while (graph_[row].kind == Kind::field) row = graph_[row].second;
    return row;
  }
  // Whether a framed memory takes nothing, so that there is nothing to print.
  bool fields_are_empty(TypeId row) {
    for (; graph_[row].kind == Kind::field; row = graph_[row].second) {
      if (graph_[graph_[row].first].kind != Kind::frame) return false;
    }
    return graph_[row].kind == Kind::frame;
  }

  void memory(TypeId row) {
    const auto [all, end] = fields(row);
    const bool framed = graph_[end].kind == Kind::frame;
    bool first = true;
    for (const auto& [location, stack] : all) {
      std::vector<TypeId> items;
      TypeId tail = graph_.find(stack);
      for (; graph_[tail].kind == Kind::cons; tail = graph_.find(graph_[tail].first))
        items.push_back(graph_[tail].second);
      if (framed && items.empty()) continue;
      if (!first) say(" ; ");
      first = false;
      std::string part = location == kMain ? "" : terms_.text(location) + ":";
      if (!framed) part += (part.empty() ? ".." : " ..") + named(tails_, tail, "stuvw");
      for (auto item = items.rbegin(); item != items.rend(); ++item) {
        say(part.empty() ? "" : part + " ");
        part.clear();
        then(Piece::Kind::value, *item);
        if (item + 1 != items.rend()) say(" ");
      }
      say(std::move(part));
    }
    if (first && !framed) say("..");
  }

  void value(TypeId type) {
    const TypeNode node = graph_[type];
    if (node.kind == Kind::integer) say("Int");
    if (node.kind == Kind::string) say("Str");
    if (node.kind == Kind::variable) say(named(values_, type, "abcdefgh"));
    if (node.kind == Kind::arrow || node.kind == Kind::framed) {
      say("(");
      then(Piece::Kind::arrow, node.kind == Kind::arrow ? type : node.first);
      say(")");
    }
    if (node.kind != Kind::data) return;
    const bool plain = graph_[node.first].kind == Kind::none;
    say((plain ? "" : "(") + terms_.text(node.label));
    for (TypeId at = node.first; graph_[at].kind == Kind::cons; at = graph_[at].first) {
      say(" ");
      then(Piece::Kind::value, graph_[at].second);
    }
    if (!plain) say(")");
  }

  const Terms& terms_;
  TypeGraph& graph_;
  FlatMap references_;
  Names tails_, values_, rows_;
  std::vector<Piece> todo_, pieces_;
  std::string out_;
};

}  // namespace

std::string print_type(const Terms& terms, TypeGraph& graph, TypeId type) {
  return TypePrinter(terms, graph, type).print(type);
}

}  // namespace ordo::machine::fmc
