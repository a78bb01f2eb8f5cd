// A printer without recursion: what is still to be written stands on a stack of tasks. Parentheses
// stand only where the grammar needs them: `*` binds tightest, then `;`, then `+`; a `new` reaches
// to the end of its sequence. A bound variable is called by its hint, with a number where that name
// is taken by a variable in scope or a free one.
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {
namespace {

using Names = std::unordered_map<VarId, std::string>;

// Writes terms onto `out`, at most up to `limit` bytes (a little more is cut by the caller).
class TermWriter {
 public:
  TermWriter(const Terms& terms, std::string& out, std::size_t limit)
      : terms_(terms), out_(out), limit_(limit) {}

  template <class NameOf>
  void write(TermId root, const NameOf& name_of) {
    tasks_.assign(1, {Task::Kind::term, root});
    while (!tasks_.empty() && out_.size() <= limit_) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.kind == Task::Kind::text) {
        out_ += task.text;
      } else if (task.kind == Task::Kind::tail) {
        write_tail(task.term);
      } else if (terms_.term(task.term).is_variable) {
        out_ += name_of(terms_.term(task.term).label);
      } else {
        write_application(task.term);
      }
    }
  }

 private:
  struct Task {
    enum class Kind { term, tail, text } kind;
    TermId term = 0;
    const char* text = "";
  };
  bool is_cell(TermId id) const {
    const TermNode& node = terms_.term(id);
    return !node.is_variable && node.label == terms_.cons() && node.arity == 2;
  }
  bool is_nil(TermId id) const {
    const TermNode& node = terms_.term(id);
    return !node.is_variable && node.label == terms_.nil() && node.arity == 0;
  }
  void text(const char* literal) { tasks_.push_back({Task::Kind::text, 0, literal}); }
  void write_application(TermId id) {
    const auto args = terms_.args(id);
    if (is_nil(id)) {
      out_ += "[]";
    } else if (is_cell(id)) {
      out_ += '[';
      tasks_.push_back({Task::Kind::tail, args[1]});
      tasks_.push_back({Task::Kind::term, args[0]});
    } else {
      out_ += terms_.text(terms_.term(id).label);
      if (args.empty()) return;
      out_ += '(';
      text(")");
      for (std::size_t i = args.size(); i-- > 0;) {
        tasks_.push_back({Task::Kind::term, args[i]});
        if (i > 0) text(",");
      }
    }
  }
  void write_tail(TermId id) {
    if (is_nil(id)) {
      out_ += ']';
    } else if (is_cell(id)) {
      out_ += ',';
      tasks_.push_back({Task::Kind::tail, terms_.args(id)[1]});
      tasks_.push_back({Task::Kind::term, terms_.args(id)[0]});
    } else {
      out_ += '|';
      text("]");
      tasks_.push_back({Task::Kind::term, id});
    }
  }

  const Terms& terms_;
  std::string& out_;
  std::size_t limit_;
  std::vector<Task> tasks_;
};

void cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  text += "...";
}

class ProgramWriter {
 public:
  ProgramWriter(const Terms& terms, std::size_t limit)
      : terms_(terms), limit_(limit), writer_(terms, out_, limit) {}

  std::string print(ProgramId root) {
    for (const VarId v : terms_.free_variables(root)) name(v);
    tasks_.assign(1, {Task::Kind::program, root, Place::whole});
    while (!tasks_.empty() && out_.size() <= limit_) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.kind == Task::Kind::text) {
        out_ += task.text;
      } else if (task.kind == Task::Kind::leave) {
        leave(task.id);
      } else {
        write(task);
      }
    }
    cut(out_, limit_);
    return std::move(out_);
  }

 private:
  // Where a program stands: which constructs need parentheses there.
  enum class Place { whole, summand, item, last_item, starred };
  struct Task {
    enum class Kind { program, text, leave } kind;
    std::uint32_t id = 0;
    Place place = Place::whole;
    const char* text = "";
  };

  void text(const char* literal) { tasks_.push_back({Task::Kind::text, 0, Place::whole, literal}); }
  void program(ProgramId id, Place place) { tasks_.push_back({Task::Kind::program, id, place}); }

  // Names are taken and given back in the order of a stack, so counting on from the last number
  // given finds a name that is not taken at once.
  void name(VarId v) {
    const std::string& hint = terms_.variable_name(v);
    std::string chosen = hint == "_" ? "_1" : hint;
    std::uint32_t& number = numbers_[hint];
    const std::uint32_t before = number;
    while (!taken_.insert(chosen).second) chosen = fmt::format("{}{}", hint, ++number);
    shadowed_[v].push_back({std::move(names_[v]), before});
    names_[v] = std::move(chosen);
  }
  void leave(VarId v) {
    taken_.erase(names_[v]);
    names_[v] = std::move(shadowed_[v].back().name);
    numbers_[terms_.variable_name(v)] = shadowed_[v].back().number;
    shadowed_[v].pop_back();
  }
  const std::string& name_of(VarId v) {
    if (names_[v].empty()) names_[v] = terms_.variable_name(v);  // `_`
    return names_[v];
  }
  void write_term(TermId id) {
    writer_.write(id, [&](VarId v) -> const std::string& { return name_of(v); });
  }

  // `new _. a<_>` with one occurrence prints as `a<_>`.
  bool is_anonymous(ProgramId id) const {
    std::vector<VarId> bound;
    while (terms_.program(id).op == Op::fresh &&
           terms_.variable_name(terms_.program(id).label) == "_") {
      bound.push_back(terms_.program(id).label);
      id = terms_.program(id).first;
    }
    const ProgramNode& body = terms_.program(id);
    if (body.op != Op::push && body.op != Op::pop && body.op != Op::equate) return false;
    std::unordered_map<VarId, int> count;
    std::vector<TermId> tasks{body.first};
    if (body.op == Op::equate) tasks.push_back(body.second);
    while (!tasks.empty()) {
      const TermId at = tasks.back();
      tasks.pop_back();
      if (terms_.term(at).is_variable) ++count[terms_.term(at).label];
      const auto args = terms_.args(at);
      if (!terms_.term(at).ground) tasks.insert(tasks.end(), args.begin(), args.end());
    }
    for (const VarId v : bound) {
      if (count[v] != 1) return false;
    }
    return !bound.empty();
  }

  void open(const Task& task, Place inside) {
    out_ += '(';
    text(")");
    program(task.id, inside);
  }

  void write(const Task& task) {
    const ProgramNode& node = terms_.program(task.id);
    switch (node.op) {
      case Op::skip:
        out_ += "skip";
        break;
      case Op::fail:
        out_ += "fail";
        break;
      case Op::seq: {
        if (task.place == Place::starred) return open(task, Place::whole);
        // What follows the whole sequence decides whether its last item is a last one.
        program(node.second, task.place == Place::item ? Place::item : Place::last_item);
        text("; ");
        program(node.first, Place::item);
        break;
      }
      case Op::sum:
        if (task.place > Place::summand) return open(task, Place::whole);
        program(node.second, Place::summand);
        text(" + ");
        program(node.first, Place::summand);
        break;
      case Op::star:
        text("*");
        program(node.first, Place::starred);
        break;
      case Op::fresh:
        write_fresh(task);
        break;
      case Op::push:
        out_ += '[';
        write_term(node.first);
        out_ += ']';
        out_ += terms_.text(node.label);
        break;
      case Op::pop:
        out_ += terms_.text(node.label);
        out_ += '<';
        write_term(node.first);
        out_ += '>';
        break;
      case Op::equate:
        out_ += '{';
        write_term(node.first);
        out_ += " = ";
        write_term(node.second);
        out_ += '}';
        break;
      case Op::call:
        if (node.dual) out_ += '~';
        out_ += terms_.text(terms_.definition(node.label).name);
        break;
    }
  }

  void write_fresh(const Task& task) {
    if (is_anonymous(task.id)) {
      ProgramId body = task.id;
      for (; terms_.program(body).op == Op::fresh; body = terms_.program(body).first) {
        names_[terms_.program(body).label].clear();
      }
      return program(body, task.place);
    }
    if (task.place == Place::item || task.place == Place::starred) return open(task, Place::whole);
    out_ += "new";
    ProgramId body = task.id;
    while (terms_.program(body).op == Op::fresh && !is_anonymous(body)) {
      const VarId v = terms_.program(body).label;
      name(v);
      out_ += ' ';
      out_ += names_[v];
      tasks_.push_back({Task::Kind::leave, v});
      body = terms_.program(body).first;
      if (out_.size() > limit_) return;
    }
    out_ += ". ";
    program(body, Place::last_item);
  }

  const Terms& terms_;
  std::size_t limit_;
  std::string out_;
  TermWriter writer_;
  std::vector<Task> tasks_;
  Names names_;
  struct Shadowed {
    std::string name;
    std::uint32_t number;
  };
  std::unordered_map<VarId, std::vector<Shadowed>> shadowed_;
  std::unordered_map<std::string, std::uint32_t> numbers_;  // the last given, by hint
  std::unordered_set<std::string> taken_;
};

std::string name_in(const Terms& terms, const Names* names, VarId v) {
  if (names != nullptr) {
    if (const auto found = names->find(v); found != names->end()) return found->second;
  }
  return terms.variable_name(v);
}

}  // namespace

std::string print(const Terms& terms, ProgramId program, std::size_t limit) {
  return ProgramWriter(terms, limit).print(program);
}

std::string print_term(const Terms& terms, TermId term, std::size_t limit, const Names* names) {
  std::string out;
  TermWriter(terms, out, limit).write(term, [&](VarId v) { return name_in(terms, names, v); });
  cut(out, limit);
  return out;
}

std::string print_memory(const Terms& terms, const Memory& memory, std::size_t limit,
                         const Names* names) {
  std::string out;
  TermWriter writer(terms, out, limit);
  for (const MemoryEntry& entry : memory) {
    if (entry.items.empty()) continue;
    if (!out.empty()) out += "; ";
    out += entry.location == kMain ? "main" : terms.text(entry.location);
    out += ':';
    for (const TermId item : entry.items) {
      if (out.size() > limit) break;
      out += ' ';
      writer.write(item, [&](VarId v) { return name_in(terms, names, v); });
    }
  }
  cut(out, limit);
  return out;
}

}  // namespace ordo::machine::rmc
