// Types are nodes of a union-find graph. A memory is a row of fields location -> stack, a stack a
// list of values over a tail, the exits a row of fields jump -> memory. All rows stay open: exits
// may always be enlarged, so a field whose memory is a variable found nowhere else says nothing,
// and is not printed. Unification merges nodes before their children, so it ends on cyclic graphs
// too; a type that contains itself is found once, at the end of a definition.
#include "ordo/machine/fmc_types.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

namespace ordo::machine::fmc {
namespace {

using TypeId = std::uint32_t;

enum class Kind : std::uint8_t { variable, integer, string, arrow, cons, field };

struct TypeNode {
  Kind kind = Kind::variable;
  Symbol label = 0;   // field: location or jump
  TypeId first = 0;   // arrow: memory; cons: below; field: its type
  TypeId second = 0;  // arrow: exits; cons: top; field: the rest of the row
};

struct Mismatch {
  std::string message;
};

class Graph {
 public:
  TypeId make(TypeNode node) {
    nodes_.push_back(node);
    parent_.push_back(static_cast<TypeId>(parent_.size()));
    return parent_.back();
  }
  TypeId variable() { return make({}); }
  TypeId arrow(TypeId memory, TypeId exits) { return make({Kind::arrow, 0, memory, exits}); }
  TypeId cons(TypeId below, TypeId top) { return make({Kind::cons, 0, below, top}); }
  TypeId field(Symbol label, TypeId type, TypeId rest) {
    return make({Kind::field, label, type, rest});
  }
  TypeId find(TypeId id) {
    while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
    return id;
  }
  const TypeNode& operator[](TypeId id) { return nodes_[find(id)]; }

  /// The field of `label` in a row and the row without it; extends an open row. The other fields
  /// keep their order. The row must not end in `closed_tail` if it has to be extended.
  std::pair<TypeId, TypeId> expose(TypeId row, Symbol label, TypeId closed_tail = ~TypeId{0}) {
    std::vector<std::pair<Symbol, TypeId>> passed;
    TypeId at = find(row);
    while (nodes_[at].kind == Kind::field && nodes_[at].label != label) {
      passed.emplace_back(nodes_[at].label, nodes_[at].first);
      at = find(nodes_[at].second);
      if (passed.size() > nodes_.size()) throw Mismatch{"this type would have to contain itself"};
    }
    if (nodes_[at].kind == Kind::variable) {
      if (at == closed_tail) throw Mismatch{"this type would have to contain itself"};
      const TypeId type = variable(), rest = variable();
      const TypeId extended = field(label, type, rest);
      parent_[at] = extended;
      at = extended;
    }
    TypeId rest = nodes_[at].second;
    const TypeId type = nodes_[at].first;
    for (auto p = passed.rbegin(); p != passed.rend(); ++p) rest = field(p->first, p->second, rest);
    return {type, rest};
  }

  TypeId tail(TypeId row) {
    std::size_t seen = 0;
    for (row = find(row); nodes_[row].kind == Kind::field; row = find(nodes_[row].second)) {
      if (++seen > nodes_.size()) throw Mismatch{"this type would have to contain itself"};
    }
    return row;
  }

  void unify(TypeId a, TypeId b) {
    std::vector<std::pair<TypeId, TypeId>> todo{{a, b}};
    while (!todo.empty()) {
      const TypeId x = find(todo.back().first), y = find(todo.back().second);
      todo.pop_back();
      if (x == y) continue;
      const TypeNode left = nodes_[x], right = nodes_[y];
      if (left.kind == Kind::variable) {
        parent_[x] = y;
      } else if (right.kind == Kind::variable) {
        parent_[y] = x;
      } else if (left.kind != right.kind) {
        throw Mismatch{fmt::format("{} where {} is needed", name(left), name(right))};
      } else if (left.kind == Kind::field && left.label != right.label) {
        const auto [type, rest] = expose(y, left.label, tail(x));
        todo.emplace_back(left.first, type);
        todo.emplace_back(left.second, rest);
      } else {
        parent_[x] = y;
        if (left.kind == Kind::integer || left.kind == Kind::string) continue;
        todo.emplace_back(left.first, right.first);
        todo.emplace_back(left.second, right.second);
      }
    }
  }

  /// How often each node is referred to inside the type.
  std::unordered_map<TypeId, int> references(TypeId root) {
    std::unordered_map<TypeId, int> counts{{find(root), 1}};
    std::vector<TypeId> todo{find(root)};
    while (!todo.empty()) {
      const TypeNode node = nodes_[todo.back()];
      todo.pop_back();
      if (node.kind == Kind::variable || node.kind == Kind::integer || node.kind == Kind::string)
        continue;
      for (const TypeId child : {find(node.first), find(node.second)}) {
        if (counts[child]++ == 0) todo.push_back(child);
      }
    }
    return counts;
  }

  /// Whether the type contains itself.
  bool cyclic(TypeId root) {
    std::vector<std::uint8_t> state(nodes_.size(), 0);  // 1: on the path, 2: done
    std::vector<TypeId> path{find(root)};
    while (!path.empty()) {
      const TypeId at = path.back();
      if (state[at] != 0) {
        state[at] = 2;
        path.pop_back();
        continue;
      }
      state[at] = 1;
      const TypeNode node = nodes_[at];
      if (node.kind == Kind::variable || node.kind == Kind::integer || node.kind == Kind::string)
        continue;
      for (const TypeId child : {find(node.first), find(node.second)}) {
        if (state[child] == 1) return true;
        if (state[child] == 0) path.push_back(child);
      }
    }
    return false;
  }

  /// A copy with fresh variables. Shared parts stay shared.
  TypeId instantiate(TypeId root) {
    std::unordered_map<TypeId, TypeId> copies;
    std::vector<TypeId> todo{find(root)};
    const auto copy = [&](TypeId id) {
      id = find(id);
      const auto [place, fresh] = copies.try_emplace(id, 0);
      if (fresh) {
        place->second = make({nodes_[id].kind, nodes_[id].label, 0, 0});
        todo.push_back(id);
      }
      return place->second;
    };
    todo.clear();
    const TypeId made = copy(root);
    while (!todo.empty()) {
      const TypeId id = todo.back();
      todo.pop_back();
      const TypeNode node = nodes_[id];
      if (node.kind == Kind::variable || node.kind == Kind::integer || node.kind == Kind::string)
        continue;
      const TypeId first = copy(node.first), second = copy(node.second);
      nodes_[copies[id]].first = first;
      nodes_[copies[id]].second = second;
    }
    return made;
  }

 private:
  static std::string name(const TypeNode& node) {
    switch (node.kind) {
      case Kind::integer:
        return "Int";
      case Kind::string:
        return "Str";
      case Kind::arrow:
        return "a thunk";
      default:
        return "a stack";
    }
  }
  std::vector<TypeNode> nodes_;
  std::vector<TypeId> parent_;
};

class Inference {
 public:
  Inference(const Terms& terms, const Module& module) : terms_(terms), module_(module) {}

  TypeId type_of(TermId term) {
    const TypeId memory = graph_.variable(), exits = graph_.variable();
    const TypeId arrow = graph_.arrow(memory, exits);
    tasks_.assign(1, {term, memory, exits, false});
    environment_.clear();
    while (!tasks_.empty()) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.closes_binder) {
        environment_.pop_back();
        continue;
      }
      current = task.term;
      check(task);
    }
    current = term;
    if (graph_.cyclic(arrow)) {
      throw Mismatch{
          "this term has no simple type: a value would have to contain itself (occurs "
          "check)"};
    }
    return arrow;
  }

  std::string print(TypeId arrow);
  TermId current = 0;  // where a Mismatch happened

 private:
  struct Task {
    TermId term;
    TypeId memory;
    TypeId exits;
    bool closes_binder;
  };

  void check(const Task& task) {
    const Node& node = terms_[task.term];
    switch (node.op) {
      case Op::bound:
        graph_.unify(environment_[environment_.size() - 1 - node.label],
                     graph_.arrow(task.memory, task.exits));
        return;
      case Op::free:
        graph_.unify(graph_.arrow(task.memory, task.exits), global(node.label));
        return;
      case Op::jump:
        leave(node.label, task.memory, task.exits);
        return;
      case Op::push: {
        const auto [stack, rest] = graph_.expose(task.memory, node.label);
        const TypeId value = value_type(node.first);
        tasks_.push_back({node.second, graph_.field(node.label, graph_.cons(stack, value), rest),
                          task.exits, false});
        if (const Op op = terms_[node.first].op; op != Op::bound && !literal(node.first)) {
          const TypeNode& thunk = graph_[value];
          tasks_.push_back({node.first, thunk.first, thunk.second, false});
        }
        return;
      }
      case Op::pop: {
        const auto [stack, rest] = graph_.expose(task.memory, node.label);
        const TypeId below = graph_.variable(), top = graph_.variable();
        graph_.unify(graph_.cons(below, top), stack);
        tasks_.push_back({0, 0, 0, true});
        tasks_.push_back({node.second, graph_.field(node.label, below, rest), task.exits, false});
        environment_.push_back(top);
        return;
      }
      case Op::join: {
        const TypeId between = graph_.variable();
        const TypeId others = graph_.expose(task.exits, node.label).second;
        tasks_.push_back({node.second, between, task.exits, false});
        tasks_.push_back(
            {node.first, task.memory, graph_.field(node.label, between, others), false});
        return;
      }
      case Op::loop: {
        const TypeId others = graph_.expose(task.exits, node.label).second;
        tasks_.push_back(
            {node.first, task.memory, graph_.field(node.label, task.memory, others), false});
        return;
      }
    }
  }

  void leave(Symbol jump, TypeId memory, TypeId exits) {
    graph_.unify(graph_.expose(exits, jump).first, memory);
  }

  bool literal(TermId term) const {
    const Node& node = terms_[term];
    return node.op == Op::jump &&
           (is_integer(terms_.text(node.label)) || is_string(terms_.text(node.label)));
  }

  // The type of a pushed term; for a thunk, an arrow that is still to be checked.
  TypeId value_type(TermId term) {
    const Node& node = terms_[term];
    if (node.op == Op::bound) return environment_[environment_.size() - 1 - node.label];
    if (literal(term)) {
      const bool integer = is_integer(terms_.text(node.label));
      return graph_.make({integer ? Kind::integer : Kind::string});
    }
    return graph_.arrow(graph_.variable(), graph_.variable());
  }

  TypeId global(Symbol name) {
    if (const Definition* definition = module_.find(name)) {
      const auto found = schemes_.find(name);
      if (found == schemes_.end()) {
        throw Mismatch{fmt::format("'{}' has no type", terms_.text(definition->name))};
      }
      return graph_.instantiate(found->second);
    }
    const Primitive* primitive = terms_.primitive(name);
    if (primitive == nullptr) {
      throw Mismatch{fmt::format("the name '{}' has no definition", terms_.text(name))};
    }
    return primitive_type(*primitive);
  }

  TypeId primitive_type(Primitive p) {
    const auto integer = [&] { return graph_.make({Kind::integer}); };
    const auto string = [&] { return graph_.make({Kind::string}); };
    const bool strings = p == Primitive::cat || p == Primitive::len;
    const TypeId below = graph_.variable(), rest = graph_.variable();
    TypeId stack = below;
    for (int i = 0; i < arity(p); ++i) {
      stack = graph_.cons(stack, p == Primitive::show ? graph_.variable()
                                 : strings            ? string()
                                                      : integer());
    }
    TypeId result = integer();
    if (p == Primitive::cat || p == Primitive::show) result = string();
    if (p >= Primitive::eq && p <= Primitive::gt) result = boolean();
    TypeId exits = graph_.variable();
    if (p == Primitive::div || p == Primitive::mod)
      exits = graph_.field(terms_.division_by_zero(), graph_.field(kMain, below, rest), exits);
    const TypeId after = graph_.field(kMain, graph_.cons(below, result), rest);
    return graph_.arrow(graph_.field(kMain, stack, rest), graph_.field(kSkip, after, exits));
  }
  TypeId boolean() {
    const TypeId memory = graph_.variable();
    const TypeId exits = graph_.field(terms_.true_jump(), memory, graph_.variable());
    return graph_.arrow(memory, graph_.field(terms_.false_jump(), memory, exits));
  }

 public:
  void generalise(const Definition& definition) {
    schemes_[definition.name] = type_of(definition.term);
  }

 private:
  const Terms& terms_;
  const Module& module_;
  Graph graph_;
  std::vector<Task> tasks_;
  std::vector<TypeId> environment_;
  std::unordered_map<Symbol, TypeId> schemes_;
};

// Prints with an explicit stack; stack tails are ..s ..t, values a b c, rows of exits X Y.
std::string Inference::print(TypeId root) {
  struct Piece {
    enum class Kind { text, arrow, memory, value } kind;
    TypeId type;
    std::string text;
  };
  constexpr std::size_t kLimit = 20'000;
  std::map<TypeId, std::string> tails, values, rows;
  auto references = graph_.references(root);
  const auto named = [&](std::map<TypeId, std::string>& names, TypeId id, const char* letters) {
    const auto [place, fresh] = names.try_emplace(graph_.find(id));
    if (fresh) {
      const std::size_t n = names.size() - 1, count = std::char_traits<char>::length(letters);
      place->second = letters[n % count];
      if (n >= count) place->second += std::to_string(n / count);
    }
    return place->second;
  };
  const auto fields = [&](TypeId row, TypeId& rest) {
    std::vector<std::pair<Symbol, TypeId>> all;
    // A field about which nothing is known, and whose type stands nowhere else, is left out.
    const auto idle = [&](TypeId type) {
      return graph_[type].kind == Kind::variable && references[graph_.find(type)] == 1;
    };
    for (row = graph_.find(row); graph_[row].kind == Kind::field;
         row = graph_.find(graph_[row].second)) {
      const Symbol label = graph_[row].label;
      if (std::none_of(all.begin(), all.end(), [&](const auto& f) { return f.first == label; }))
        if (!idle(graph_[row].first)) all.emplace_back(label, graph_[row].first);
    }
    rest = row;
    std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
      return terms_.text(a.first) < terms_.text(b.first);
    });
    return all;
  };
  std::string out;
  std::vector<Piece> todo{{Piece::Kind::arrow, root, {}}};
  const auto flush = [&](std::vector<Piece>& pieces) {
    todo.insert(todo.end(), std::make_move_iterator(pieces.rbegin()),
                std::make_move_iterator(pieces.rend()));
  };
  while (!todo.empty() && out.size() < kLimit) {
    const Piece piece = std::move(todo.back());
    todo.pop_back();
    std::vector<Piece> pieces;
    TypeId rest = 0;
    if (piece.kind == Piece::Kind::text) {
      out += piece.text;
    } else if (piece.kind == Piece::Kind::arrow) {
      const TypeNode node = graph_[piece.type];
      pieces.push_back({Piece::Kind::memory, node.first, {}});
      pieces.push_back({Piece::Kind::text, 0, " =>"});
      const char* separator = " ";
      const auto all = fields(node.second, rest);
      for (const auto& [jump, memory] : all) {
        pieces.push_back({Piece::Kind::text, 0, separator + terms_.text(jump) + ": "});
        pieces.push_back({Piece::Kind::memory, memory, {}});
        separator = " | ";
      }
      if (all.empty()) pieces.push_back({Piece::Kind::text, 0, " " + named(rows, rest, "XYZW")});
    } else if (piece.kind == Piece::Kind::memory) {
      bool first = true;
      for (const auto& [location, stack] : fields(piece.type, rest)) {
        if (!first) pieces.push_back({Piece::Kind::text, 0, " ; "});
        first = false;
        if (location != kMain)
          pieces.push_back({Piece::Kind::text, 0, terms_.text(location) + ": "});
        std::vector<TypeId> items;
        TypeId tail = graph_.find(stack);
        for (; graph_[tail].kind == Kind::cons; tail = graph_.find(graph_[tail].first))
          items.push_back(graph_[tail].second);
        pieces.push_back({Piece::Kind::text, 0, ".." + named(tails, tail, "stuvw")});
        for (auto item = items.rbegin(); item != items.rend(); ++item) {
          pieces.push_back({Piece::Kind::text, 0, " "});
          pieces.push_back({Piece::Kind::value, *item, {}});
        }
      }
      if (first) pieces.push_back({Piece::Kind::text, 0, ".."});
    } else {
      const TypeNode node = graph_[piece.type];
      if (node.kind == Kind::integer) out += "Int";
      if (node.kind == Kind::string) out += "Str";
      if (node.kind == Kind::variable) out += named(values, piece.type, "abcdefgh");
      if (node.kind == Kind::arrow) {
        pieces = {{Piece::Kind::text, 0, "("},
                  {Piece::Kind::arrow, piece.type, {}},
                  {Piece::Kind::text, 0, ")"}};
      }
    }
    flush(pieces);
  }
  return out.size() < kLimit ? out : out.substr(0, kLimit) + "...";
}

}  // namespace

std::string infer(const Terms& terms, const Module& module, TermId term, Diagnostics& problems) {
  Inference inference(terms, module);
  try {
    for (const Definition& definition : module.definitions) {
      if (definition.term == term) break;
      inference.generalise(definition);
    }
    return inference.print(inference.type_of(term));
  } catch (const Mismatch& mismatch) {
    problems.error(terms.span(inference.current), mismatch.message);
    return {};
  }
}

}  // namespace ordo::machine::fmc
