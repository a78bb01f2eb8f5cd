// The rows at each point are threaded through the program: a push puts a sort onto the row of its
// location, a pop takes one off, a sum runs both sides from the same rows and unifies what they
// leave, a star unifies what its body leaves with what it took. Definitions are typed once and
// instantiated at each call.
#include "ordo/machine/rmc_types.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

using SortId = std::uint32_t;
using RowId = std::uint32_t;

struct Sort {
  std::optional<Symbol> base;  // none: a variable, or what `link` says
  SortId link = 0;             // 0: none
};
struct Row {
  enum class Kind { variable, link, cell } kind = Kind::variable;
  SortId top = 0;
  RowId rest = 0;
};

// The rows at one point. A location that is not listed has not been touched: it is what the program
// was given, or, after a fail, anything.
struct Rows {
  std::map<Symbol, RowId> at;
  bool anything = false;
};

struct Type {
  std::map<Symbol, std::pair<RowId, RowId>> rows;
  bool fails = false;  // gives anything
};

class Inference {
 public:
  Inference(Terms& terms, const Module& module, Diagnostics& problems)
      : terms_(terms), module_(module), problems_(problems) {
    sorts_.emplace_back();
    rows_.emplace_back();
    term_ = terms_.intern("term");
  }

  std::string run(ProgramId program) {
    const std::size_t before = problems_.count();
    // Definitions come before what calls them, so one pass in their order types them all.
    for (const DefinitionId id : called(program)) {
      types_[id] = infer(terms_.definition(id).body);
    }
    const Type type = infer(program);
    return problems_.count() == before ? text(type) : "";
  }

 private:
  struct Task {
    enum class Kind { visit, right, join, close, leave } kind;
    ProgramId program;
  };

  std::vector<DefinitionId> called(ProgramId root) const {
    std::map<DefinitionId, bool> found;
    std::unordered_map<ProgramId, bool> seen;
    std::vector<ProgramId> tasks{root};
    while (!tasks.empty()) {
      const ProgramId id = tasks.back();
      tasks.pop_back();
      if (!seen.try_emplace(id, true).second) continue;
      const ProgramNode& node = terms_.program(id);
      if (node.op == Op::call && found.try_emplace(node.label, true).second) {
        tasks.push_back(terms_.definition(node.label).body);
      }
      if (node.op == Op::seq || node.op == Op::sum) tasks.push_back(node.second);
      if (node.op >= Op::seq && node.op <= Op::fresh) tasks.push_back(node.first);
    }
    std::vector<DefinitionId> order;
    for (const auto& [id, used] : found) order.push_back(id);
    return order;
  }

  // ---- sorts ----

  SortId new_sort() {
    sorts_.emplace_back();
    return static_cast<SortId>(sorts_.size() - 1);
  }
  SortId base_sort(Symbol name) {
    const auto [place, fresh] = bases_.try_emplace(name, 0);
    if (fresh) {
      place->second = new_sort();
      sorts_[place->second].base = name;
    }
    return place->second;
  }
  SortId find(SortId s) const {
    while (sorts_[s].link != 0) s = sorts_[s].link;
    return s;
  }
  bool unify_sorts(SortId a, SortId b) {
    a = find(a);
    b = find(b);
    if (a == b) return true;
    if (sorts_[a].base && sorts_[b].base) return false;
    if (sorts_[a].base) std::swap(a, b);
    sorts_[a].link = b;
    return true;
  }
  std::string sort_text(SortId s) {
    s = find(s);
    if (sorts_[s].base) return terms_.text(*sorts_[s].base);
    const auto [place, fresh] = names_.try_emplace(s, names_.size());
    const std::size_t n = place->second;
    const char letters[] = "stuvwxyz";
    return std::string(1, letters[n % 8]) + (n < 8 ? "" : std::to_string(n / 8));
  }

  // The sort of a term; its arguments are checked on the way.
  SortId sort_of(TermId root, Span span) {
    std::vector<std::pair<TermId, SortId>> tasks;
    const auto sort_at = [&](TermId id) {
      const TermNode& node = terms_.term(id);
      if (node.is_variable) {
        const auto [place, fresh] = variables_.try_emplace(node.label, 0);
        if (fresh) place->second = new_sort();
        return place->second;
      }
      const auto declared = module_.functions.find(node.label);
      return base_sort(declared == module_.functions.end() ? term_ : declared->second.result);
    };
    const SortId sort = sort_at(root);
    tasks.emplace_back(root, sort);
    while (!tasks.empty()) {
      const TermId id = tasks.back().first;
      tasks.pop_back();
      const TermNode& node = terms_.term(id);
      const auto declared = module_.functions.find(node.label);
      for (std::uint32_t i = 0; i < node.arity; ++i) {
        const TermId arg = terms_.args(id)[i];
        const SortId has = sort_at(arg);
        const SortId wants =
            base_sort(declared == module_.functions.end() || i >= declared->second.arguments.size()
                          ? term_
                          : declared->second.arguments[i]);
        if (!unify_sorts(has, wants)) {
          problems_.error(span,
                          fmt::format("argument {} of '{}' is of sort {}, expected {}", i + 1,
                                      terms_.text(node.label), sort_text(has), sort_text(wants)));
          return sort;
        }
        tasks.emplace_back(arg, has);
      }
    }
    return sort;
  }

  // ---- rows ----

  RowId new_row() {
    rows_.emplace_back();
    return static_cast<RowId>(rows_.size() - 1);
  }
  RowId cell(SortId top, RowId rest) {
    rows_.push_back({Row::Kind::cell, top, rest});
    return static_cast<RowId>(rows_.size() - 1);
  }
  RowId find_row(RowId r) const {
    while (rows_[r].kind == Row::Kind::link) r = rows_[r].rest;
    return r;
  }
  // The number of sorts above the tail, and the tail.
  std::pair<std::int64_t, RowId> depth(RowId r) const {
    std::int64_t count = 0;
    for (r = find_row(r); rows_[r].kind == Row::Kind::cell; r = find_row(rows_[r].rest)) ++count;
    return {count, r};
  }
  enum class Unified { yes, sorts_differ, depths_differ };
  Unified unify_rows(RowId a, RowId b, std::pair<SortId, SortId>& differ) {
    while (true) {
      a = find_row(a);
      b = find_row(b);
      if (a == b) return Unified::yes;
      if (rows_[a].kind == Row::Kind::cell && rows_[b].kind == Row::Kind::cell) {
        if (!unify_sorts(rows_[a].top, rows_[b].top)) {
          differ = {rows_[a].top, rows_[b].top};
          return Unified::sorts_differ;
        }
        a = rows_[a].rest;
        b = rows_[b].rest;
        continue;
      }
      if (rows_[a].kind == Row::Kind::cell) std::swap(a, b);
      if (rows_[b].kind == Row::Kind::cell && depth(b).second == a) return Unified::depths_differ;
      rows_[a] = {Row::Kind::link, 0, b};
      return Unified::yes;
    }
  }
  RowId row(Rows& rows, Symbol location) {
    const auto [place, fresh] = rows.at.try_emplace(location, 0);
    if (fresh) place->second = rows.anything ? new_row() : initial(location);
    return place->second;
  }
  RowId initial(Symbol location) {
    const auto [place, fresh] = initial_.try_emplace(location, 0);
    if (fresh) place->second = new_row();
    return place->second;
  }

  // ---- programs ----

  Type infer(ProgramId root) {
    initial_.clear();
    rows_now_ = {};
    saved_.clear();
    std::vector<Task> tasks{{Task::Kind::visit, root}};
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      const ProgramNode node = terms_.program(task.program);
      switch (task.kind) {
        case Task::Kind::visit:
          visit(task.program, node, tasks);
          break;
        case Task::Kind::right:  // the left side is done: from the same rows to the right one
          std::swap(saved_.back(), rows_now_);
          break;
        case Task::Kind::join: {
          const Rows left = std::move(saved_.back());
          saved_.pop_back();
          join(left, terms_.span(task.program));
          break;
        }
        case Task::Kind::close: {
          Rows before = std::move(saved_.back());
          saved_.pop_back();
          close_star(std::move(before), terms_.span(task.program));
          break;
        }
        case Task::Kind::leave:
          variables_.erase(node.label);
          break;
      }
    }
    Type type;
    type.fails = rows_now_.anything;
    for (const auto& [location, first] : initial_) {
      type.rows[location] = {first, row(rows_now_, location)};
    }
    for (const auto& [location, last] : rows_now_.at) {
      if (!type.rows.contains(location)) type.rows[location] = {initial(location), last};
    }
    return type;
  }

  void visit(ProgramId id, const ProgramNode& node, std::vector<Task>& tasks) {
    const Span span = terms_.span(id);
    switch (node.op) {
      case Op::skip:
        break;
      case Op::fail:
        rows_now_ = {{}, true};
        break;
      case Op::seq:
        tasks.push_back({Task::Kind::visit, node.second});
        tasks.push_back({Task::Kind::visit, node.first});
        break;
      case Op::sum:
        saved_.push_back(rows_now_);
        tasks.push_back({Task::Kind::join, id});
        tasks.push_back({Task::Kind::visit, node.second});
        tasks.push_back({Task::Kind::right, id});
        tasks.push_back({Task::Kind::visit, node.first});
        break;
      case Op::star:
        saved_.push_back(rows_now_);
        tasks.push_back({Task::Kind::close, id});
        tasks.push_back({Task::Kind::visit, node.first});
        break;
      case Op::fresh:
        variables_.erase(node.label);
        tasks.push_back({Task::Kind::leave, id});
        tasks.push_back({Task::Kind::visit, node.first});
        break;
      case Op::push:
      case Op::pop:
        act(node, span);
        break;
      case Op::equate: {
        const SortId left = sort_of(node.first, span);
        const SortId right = sort_of(node.second, span);
        if (!unify_sorts(left, right)) {
          problems_.error(span, fmt::format("the sides of the equation are of sorts {} and {}",
                                            sort_text(left), sort_text(right)));
        }
        break;
      }
      case Op::call:
        call(node, span);
        break;
    }
  }

  void act(const ProgramNode& node, Span span) {
    const SortId sort = sort_of(node.first, span);
    const auto declared = module_.locations.find(node.label);
    if (declared != module_.locations.end() && declared->second.sort) {
      const SortId wants = base_sort(*declared->second.sort);
      if (!unify_sorts(sort, wants)) {
        problems_.error(span, fmt::format("the stack '{}' holds {}, not {}", name(node.label),
                                          sort_text(wants), sort_text(sort)));
        return;
      }
      if (declared->second.unbounded) return;
    }
    const RowId now = row(rows_now_, node.label);
    if (node.op == Op::push) {
      rows_now_.at[node.label] = cell(sort, now);
      return;
    }
    const RowId top = find_row(now);
    if (rows_[top].kind == Row::Kind::variable) {
      const RowId rest = new_row();
      rows_[top] = {Row::Kind::cell, sort, rest};
      rows_now_.at[node.label] = rest;
      return;
    }
    if (!unify_sorts(rows_[top].top, sort)) {
      problems_.error(span,
                      fmt::format("the top of '{}' is of sort {} here, and {} is popped",
                                  name(node.label), sort_text(rows_[top].top), sort_text(sort)));
    }
    rows_now_.at[node.label] = rows_[top].rest;
  }

  std::string name(Symbol location) const {
    return location == kMain ? "main" : terms_.text(location);
  }

  void explain(Unified unified, Symbol location, RowId a, RowId b, std::pair<SortId, SortId> differ,
               Span span, const char* what) {
    if (unified == Unified::sorts_differ) {
      problems_.error(
          span, fmt::format("{} leave items of sorts {} and {} on '{}'", what,
                            sort_text(differ.first), sort_text(differ.second), name(location)));
    } else {
      problems_.error(span,
                      fmt::format("{} leave '{}' at different depths ({:+})", what, name(location),
                                  depth(b).first - depth(a).first),
                      any_depth(location));
    }
  }

  std::string any_depth(Symbol location) const {
    return fmt::format(
        "'loc {} : SORT*.' declares a stack of any depth; without sorts of your own, SORT is term",
        name(location));
  }

  void join(const Rows& left, Span span) {
    if (rows_now_.anything && left.anything) return;
    if (rows_now_.anything || left.anything) {
      if (rows_now_.anything) rows_now_ = left;
      return;
    }
    Rows before = left;
    for (const auto& [location, r] : left.at) row(rows_now_, location);
    for (const auto& [location, r] : rows_now_.at) {
      const RowId other = row(before, location);
      std::pair<SortId, SortId> differ;
      const Unified unified = unify_rows(other, r, differ);
      if (unified != Unified::yes) {
        explain(unified, location, other, r, differ, span, "the sides of this sum");
      }
    }
  }

  void close_star(Rows before, Span span) {
    if (!rows_now_.anything) {
      for (const auto& [location, r] : rows_now_.at) {
        const RowId first = row(before, location);
        std::pair<SortId, SortId> differ;
        const Unified unified = unify_rows(first, r, differ);
        if (unified == Unified::depths_differ) {
          problems_.error(span,
                          fmt::format("star body changes depth of '{}' by {:+}", name(location),
                                      depth(r).first - depth(first).first),
                          any_depth(location));
        } else if (unified == Unified::sorts_differ) {
          explain(unified, location, first, r, differ, span, "the star and its body");
        }
      }
    }
    rows_now_ = std::move(before);
  }

  // A copy of a definition's type with variables of its own, turned round for a dual call.
  void call(const ProgramNode& node, Span span) {
    const Type& type = types_.at(node.label);
    std::unordered_map<SortId, SortId> sorts;
    std::unordered_map<RowId, RowId> tails;
    const auto copy = [&](RowId from) {
      std::vector<SortId> tops;
      RowId at = find_row(from);
      for (; rows_[at].kind == Row::Kind::cell; at = find_row(rows_[at].rest)) {
        tops.push_back(find(rows_[at].top));
      }
      const auto [place, fresh] = tails.try_emplace(at, 0);
      if (fresh) place->second = new_row();
      RowId made = place->second;
      for (auto top = tops.rbegin(); top != tops.rend(); ++top) {
        SortId sort = *top;
        if (!sorts_[sort].base) {
          const auto [copied, is_new] = sorts.try_emplace(sort, 0);
          if (is_new) copied->second = new_sort();
          sort = copied->second;
        }
        made = cell(sort, made);
      }
      return made;
    };
    for (const auto& [location, io] : type.rows) {
      const RowId in = copy(node.dual ? io.second : io.first);
      const RowId out = copy(node.dual ? io.first : io.second);
      const RowId now = row(rows_now_, location);
      std::pair<SortId, SortId> differ;
      const Unified unified = unify_rows(now, in, differ);
      if (unified != Unified::yes) {
        problems_.error(
            span,
            unified == Unified::sorts_differ
                ? fmt::format("'{}' takes an item of sort {} from '{}' where {} is",
                              terms_.text(terms_.definition(node.label).name),
                              sort_text(differ.second), name(location), sort_text(differ.first))
                : fmt::format("'{}' does not fit the depth of '{}'",
                              terms_.text(terms_.definition(node.label).name), name(location)));
      }
      rows_now_.at[location] = out;
    }
    if (type.fails) rows_now_ = {{}, true};
  }

  // ---- texts ----

  std::string stack_text(RowId row) {
    std::vector<SortId> tops;
    RowId at = find_row(row);
    for (; rows_[at].kind == Row::Kind::cell; at = find_row(rows_[at].rest)) {
      tops.push_back(rows_[at].top);
    }
    std::string text;
    for (auto top = tops.rbegin(); top != tops.rend(); ++top) {
      text += (text.empty() ? "" : " ") + sort_text(*top);
    }
    return text;
  }

  std::string text(const Type& type) {
    std::string left, right;
    std::vector<std::pair<std::string, Symbol>> order;
    for (const auto& [location, io] : type.rows) {
      order.emplace_back(location == kMain ? "" : terms_.text(location), location);
    }
    std::sort(order.begin(), order.end());
    const auto add = [](std::string& side, const std::string& label, const std::string& stack) {
      if (stack.empty()) return;
      side += (side.empty() ? "" : "; ") + (label.empty() ? "" : label + ": ") + stack;
    };
    for (const auto& [label, location] : order) {
      const auto& io = type.rows.at(location);
      add(left, label, stack_text(io.first));
      if (!type.fails) add(right, label, stack_text(io.second));
    }
    if (type.fails) right = "anything";
    return (left.empty() ? "" : left + " ") + "=>" + (right.empty() ? "" : " " + right);
  }

  Terms& terms_;
  const Module& module_;
  Diagnostics& problems_;
  Symbol term_ = 0;
  std::vector<Sort> sorts_;
  std::vector<Row> rows_;
  std::unordered_map<Symbol, SortId> bases_;
  std::unordered_map<VarId, SortId> variables_;
  std::map<Symbol, RowId> initial_;
  Rows rows_now_;
  std::vector<Rows> saved_;
  std::unordered_map<DefinitionId, Type> types_;
  std::unordered_map<SortId, std::size_t> names_;
};

}  // namespace

std::string infer(Terms& terms, const Module& module, ProgramId program, Diagnostics& problems) {
  return Inference(terms, module, problems).run(program);
}

}  // namespace ordo::machine::rmc
