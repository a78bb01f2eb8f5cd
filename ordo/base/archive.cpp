// The zip format (PKWARE APPNOTE 6.3): members, each after a local header, then a directory with
// one record a member, then an end record that says where the directory stands. The directory is
// the truth; of local headers only the lengths of name and extra field are used, to find the data.
// Sizes of 0xFFFFFFFF stand in a ZIP64 extra field instead.
#include "ordo/base/archive.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <zlib.h>

#include "ordo/base/bytes.h"
#include "ordo/base/error.h"

namespace ordo {
namespace {

constexpr std::uint32_t kLocalMark = 0x04034b50, kRecordMark = 0x02014b50, kEndMark = 0x06054b50;
constexpr std::uint32_t kEnd64Mark = 0x06064b50, kLocator64Mark = 0x07064b50;
constexpr std::size_t kLocalSize = 30, kRecordSize = 46, kEndSize = 22, kLocator64Size = 20;
constexpr std::size_t kEnd64Size = 56;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;
constexpr std::uint16_t kUtf8Names = 1u << 11, kEncrypted = 1u;

// zlib's window bits: a gzip stream, or raw deflate data.
constexpr int kGzipBits = 15 + 16, kRawBits = -15;

std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Bytef* in_bytes(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

uInt piece(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max() / 2));
}

class Inflater {
 public:
  Inflater(int bits, const std::string& source, std::size_t limit)
      : source_(source), limit_(limit) {
    if (::inflateInit2(&stream_, bits) != Z_OK) throw LimitError("no memory to unpack " + source);
  }
  Inflater(const Inflater&) = delete;
  ~Inflater() { ::inflateEnd(&stream_); }

  // Appends the stream at the front of `bytes` to `out` and removes it from `bytes`.
  void run(std::string_view& bytes, std::string& out) {
    ::inflateReset(&stream_);
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      const std::size_t filled = out.size();
      // Room for one byte over the limit tells a stream that ends there from one that goes on.
      const std::size_t room =
          std::min(std::max<std::size_t>(filled, 1 << 16), limit_ - std::min(limit_, filled) + 1);
      out.resize(filled + room);
      const uInt given = piece(bytes.size()), wanted = piece(room);
      stream_.next_in = in_bytes(bytes);
      stream_.avail_in = given;
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      stream_.avail_out = wanted;
      status = ::inflate(&stream_, Z_NO_FLUSH);
      bytes.remove_prefix(given - stream_.avail_in);
      const std::size_t got = wanted - stream_.avail_out;
      out.resize(filled + got);
      if (out.size() > limit_) {
        throw LimitError(fmt::format("{}: unpacks to over {} bytes", source_, limit_));
      }
      if (status != Z_STREAM_END && (status != Z_OK || (got == 0 && bytes.empty()))) {
        throw InputError({.source = source_},
                         status == Z_BUF_ERROR || status == Z_OK
                             ? "the compressed data end too early"
                             : fmt::format("the compressed data are damaged ({})",
                                           stream_.msg != nullptr ? stream_.msg : "zlib"));
      }
    }
  }

 private:
  z_stream stream_{};
  const std::string& source_;
  std::size_t limit_;
};

std::string deflate_all(std::string_view bytes, int bits, int level) {
  z_stream stream{};
  if (::deflateInit2(&stream, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw UsageError(fmt::format("no compression level {}; 0 to 9 are known", level));
  }
  std::string out;
  std::size_t filled = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    out.resize(std::max<std::size_t>(2 * filled, 1 << 12));
    const uInt given = piece(bytes.size()), wanted = piece(out.size() - filled);
    stream.next_in = in_bytes(bytes);
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream.avail_out = wanted;
    status = ::deflate(&stream, given == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    bytes.remove_prefix(given - stream.avail_in);
    filled += wanted - stream.avail_out;
  }
  ::deflateEnd(&stream);
  out.resize(filled);
  return out;
}

// Why a member's name may not be used as a path below a folder; empty if it may.
std::string_view fault_of_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.front() == '/') return "is absolute";
  if (name.find('\\') != std::string_view::npos) return "has a backslash";
  if (name.find('\0') != std::string_view::npos) return "has a zero byte";
  if (name.size() > 1 && name[1] == ':') return "begins with a drive";
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return "leaves its folder";
    at = end + 1;
  }
  return {};
}

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string gunzip(std::string_view bytes, const std::string& source, const UnpackLimits& limits) {
  if (!is_gzip(bytes)) throw InputError({.source = source}, "this is no gzip stream");
  Inflater inflater(kGzipBits, source, limits.max_bytes);
  std::string out;
  while (is_gzip(bytes)) inflater.run(bytes, out);
  // Tapes and some tools pad with zeros.
  if (bytes.find_first_not_of('\0') != std::string_view::npos) {
    throw InputError({.source = source}, "bytes follow the end of the gzip stream");
  }
  return out;
}

std::string gzip(std::string_view bytes, int level) { return deflate_all(bytes, kGzipBits, level); }

ZipReader::ZipReader(std::string_view bytes, std::string source)
    : bytes_(bytes), source_(std::move(source)) {
  // The end record is the last thing but for a comment of at most 65,535 bytes.
  if (bytes.size() < kEndSize) fail("this is no zip archive (too short)");
  std::size_t end = bytes.size() - kEndSize;
  const std::size_t lowest = end - std::min<std::size_t>(end, 0xFFFF);
  const auto is_end = [&](std::size_t at) {
    return load_little<std::uint32_t>(bytes, at) == kEndMark &&
           at + kEndSize + load_little<std::uint16_t>(bytes, at + 20) == bytes.size();
  };
  while (!is_end(end)) {
    if (end == lowest) fail("this is no zip archive (no end record)");
    --end;
  }
  std::uint64_t count = load_little<std::uint16_t>(bytes, end + 10);
  std::uint64_t size = load_little<std::uint32_t>(bytes, end + 12);
  std::uint64_t position = load_little<std::uint32_t>(bytes, end + 16);
  if (load_little<std::uint16_t>(bytes, end + 4) != 0) fail("the archive spans several disks");
  if (end >= kLocator64Size &&
      load_little<std::uint32_t>(bytes, end - kLocator64Size) == kLocator64Mark) {
    const auto end64 = load_little<std::uint64_t>(bytes, end - kLocator64Size + 8);
    if (end64 > bytes.size() || bytes.size() - end64 < kEnd64Size ||
        load_little<std::uint32_t>(bytes, end64) != kEnd64Mark) {
      fail("the ZIP64 end record is missing");
    }
    count = load_little<std::uint64_t>(bytes, end64 + 32);
    size = load_little<std::uint64_t>(bytes, end64 + 40);
    position = load_little<std::uint64_t>(bytes, end64 + 48);
  }
  if (position > end || size > end - position || count > size / kRecordSize) {
    fail("the directory lies outside the file");
  }
  read_directory(position, size, count);
}

void ZipReader::fail(const std::string& reason) const {
  throw InputError({.source = source_}, reason);
}

void ZipReader::read_directory(std::size_t position, std::size_t size, std::size_t count) {
  std::string_view directory = bytes_.substr(position, size);
  for (; count > 0; --count) {
    if (directory.size() < kRecordSize || load_little<std::uint32_t>(directory, 0) != kRecordMark) {
      fail(fmt::format("the directory ends after {} members", entries_.size()));
    }
    const std::size_t name = load_little<std::uint16_t>(directory, 28);
    const std::size_t extra = load_little<std::uint16_t>(directory, 30);
    const std::size_t comment = load_little<std::uint16_t>(directory, 32);
    if (directory.size() - kRecordSize < name + extra + comment) {
      fail(fmt::format("the directory ends within member {}", entries_.size() + 1));
    }
    read_entry(directory, directory.substr(kRecordSize + name, extra),
               std::string(directory.substr(kRecordSize, name)));
    directory.remove_prefix(kRecordSize + name + extra + comment);
  }
  std::unordered_set<std::string_view> names;
  for (const ZipEntry& entry : entries_) {
    if (!names.insert(entry.name).second) fail("two members are named '" + entry.name + "'");
  }
}

void ZipReader::read_entry(std::string_view record, std::string_view extra, std::string name) {
  if (const auto fault = fault_of_name(name); !fault.empty()) {
    fail(fmt::format("refused: the member's name '{}' {}", name, fault));
  }
  const auto method = load_little<std::uint16_t>(record, 10);
  if ((load_little<std::uint16_t>(record, 8) & kEncrypted) != 0) {
    fail(fmt::format("'{}' is encrypted, which is not supported", name));
  }
  if (method != 0 && method != 8) {
    fail(fmt::format("'{}' is compressed by method {}; expected stored (0) or deflate (8)", name,
                     method));
  }
  std::uint64_t fields[] = {load_little<std::uint32_t>(record, 24),   // size
                            load_little<std::uint32_t>(record, 20),   // packed size
                            load_little<std::uint32_t>(record, 42)};  // header
  while (extra.size() >= 4) {
    const auto id = load_little<std::uint16_t>(extra, 0);
    const std::size_t size = load_little<std::uint16_t>(extra, 2);
    std::string_view values = extra.substr(4, size);
    if (id == 1) {
      for (std::uint64_t& field : fields) {
        if (field != kIn64 || values.size() < 8) continue;
        field = load_little<std::uint64_t>(values, 0);
        values.remove_prefix(8);
      }
    }
    extra.remove_prefix(std::min(extra.size(), 4 + size));
  }
  entries_.push_back({.name = std::move(name),
                      .size = fields[0],
                      .packed_size = fields[1],
                      .crc32 = load_little<std::uint32_t>(record, 16),
                      .is_deflated = method == 8,
                      .header_position = fields[2]});
}

const ZipEntry* ZipReader::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const ZipEntry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::string_view ZipReader::packed(const ZipEntry& entry) const {
  const std::size_t header = entry.header_position;
  if (header > bytes_.size() || bytes_.size() - header < kLocalSize ||
      load_little<std::uint32_t>(bytes_, header) != kLocalMark) {
    fail(fmt::format("'{}' has no header at byte {}", entry.name, header));
  }
  const std::size_t data = header + kLocalSize + load_little<std::uint16_t>(bytes_, header + 26) +
                           load_little<std::uint16_t>(bytes_, header + 28);
  if (data > bytes_.size() || bytes_.size() - data < entry.packed_size) {
    fail(fmt::format("'{}' lies outside the file", entry.name));
  }
  return bytes_.substr(data, entry.packed_size);
}

std::string ZipReader::read(const ZipEntry& entry, const UnpackLimits& limits) const {
  if (entry.size > limits.max_bytes) {
    throw LimitError(fmt::format("{}: '{}' unpacks to {} bytes, the limit is {}", source_,
                                 entry.name, entry.size, limits.max_bytes));
  }
  std::string_view data = packed(entry);
  std::string out;
  if (entry.is_deflated) {
    const std::string place = source_ + ": " + entry.name;
    // A member that unpacks to more than it says is stopped there, whatever it says.
    Inflater(kRawBits, place, entry.size).run(data, out);
  } else {
    out = data;
  }
  if (out.size() != entry.size) {
    fail(fmt::format("'{}' has {} bytes, expected {}", entry.name, out.size(), entry.size));
  }
  if (crc_of(out) != entry.crc32) fail(fmt::format("'{}' is damaged: wrong CRC", entry.name));
  return out;
}

namespace {

std::uint32_t low_or_mark(std::uint64_t value) {
  return value >= kIn64 ? kIn64 : static_cast<std::uint32_t>(value);
}

// The fields that local header and directory record share, from "version needed" on.
void append_shared(std::string& out, const ZipEntry& entry, std::size_t extra_size) {
  append_little<std::uint16_t>(out, extra_size > 0 ? 45 : 20);
  append_little<std::uint16_t>(out, kUtf8Names);
  append_little<std::uint16_t>(out, entry.is_deflated ? 8 : 0);
  append_little<std::uint16_t>(out, 0);     // midnight
  append_little<std::uint16_t>(out, 0x21);  // 1980-01-01
  append_little<std::uint32_t>(out, entry.crc32);
  append_little<std::uint32_t>(out, low_or_mark(entry.packed_size));
  append_little<std::uint32_t>(out, low_or_mark(entry.size));
  append_little<std::uint16_t>(out, static_cast<std::uint16_t>(entry.name.size()));
  append_little<std::uint16_t>(out, static_cast<std::uint16_t>(extra_size));
}

// The ZIP64 field with those of `values` that do not fit 32 bits; a local header wants both sizes.
std::string extra_field(std::initializer_list<std::uint64_t> values, bool all) {
  std::string numbers;
  for (const std::uint64_t value : values) {
    if (all || value >= kIn64) append_little<std::uint64_t>(numbers, value);
  }
  std::string extra;
  if (numbers.empty()) return extra;
  append_little<std::uint16_t>(extra, 1);
  append_little<std::uint16_t>(extra, static_cast<std::uint16_t>(numbers.size()));
  return extra + numbers;
}

}  // namespace

void ZipWriter::add(const std::string& name, std::string_view bytes, ZipMethod method) {
  auto fault = fault_of_name(name);
  if (name.size() > 0xFFFF) fault = "is too long";
  if (fault.empty() && !names_.insert(name).second) fault = "was added before";
  if (!fault.empty()) throw UsageError(fmt::format("the member's name '{}' {}", name, fault));
  ZipEntry entry{.name = name,
                 .size = bytes.size(),
                 .packed_size = bytes.size(),
                 .crc32 = crc_of(bytes),
                 .is_deflated = method == ZipMethod::deflated,
                 .header_position = body_.size()};
  std::string packed;
  if (entry.is_deflated) {
    packed = deflate_all(bytes, kRawBits, 6);
    bytes = packed;
    entry.packed_size = packed.size();
  }
  const bool large = entry.size >= kIn64 || entry.packed_size >= kIn64;
  const std::string extra =
      large ? extra_field({entry.size, entry.packed_size}, true) : std::string();
  append_little<std::uint32_t>(body_, kLocalMark);
  if (large) {  // both sizes then stand in the extra field
    ZipEntry marked = entry;
    marked.size = marked.packed_size = kIn64;
    append_shared(body_, marked, extra.size());
  } else {
    append_shared(body_, entry, 0);
  }
  body_.append(name).append(extra).append(bytes);
  entries_.push_back(std::move(entry));
}

std::string ZipWriter::finish() {
  const std::uint64_t start = body_.size();
  for (const ZipEntry& entry : entries_) {
    const std::string extra =
        extra_field({entry.size, entry.packed_size, entry.header_position}, false);
    append_little<std::uint32_t>(body_, kRecordMark);
    append_little<std::uint16_t>(body_, 0x0300 | 45);  // made by Unix
    append_shared(body_, entry, extra.size());
    append_little<std::uint16_t>(body_, 0);               // comment
    append_little<std::uint16_t>(body_, 0);               // disk
    append_little<std::uint16_t>(body_, 0);               // internal attributes
    append_little<std::uint32_t>(body_, 0100644u << 16);  // a regular file, rw-r--r--
    append_little<std::uint32_t>(body_, low_or_mark(entry.header_position));
    body_.append(entry.name).append(extra);
  }
  const std::uint64_t size = body_.size() - start, count = entries_.size();
  if (count >= 0xFFFF || start >= kIn64 || size >= kIn64) {
    const std::uint64_t end64 = body_.size();
    append_little<std::uint32_t>(body_, kEnd64Mark);
    append_little<std::uint64_t>(body_, kEnd64Size - 12);
    append_little<std::uint16_t>(body_, 0x0300 | 45);
    append_little<std::uint16_t>(body_, 45);
    append_little<std::uint64_t>(body_, 0);  // disks
    for (const std::uint64_t value : {count, count, size, start}) {
      append_little<std::uint64_t>(body_, value);
    }
    append_little<std::uint32_t>(body_, kLocator64Mark);
    append_little<std::uint32_t>(body_, 0);
    append_little<std::uint64_t>(body_, end64);
    append_little<std::uint32_t>(body_, 1);
  }
  append_little<std::uint32_t>(body_, kEndMark);
  append_little<std::uint32_t>(body_, 0);  // disks
  const auto short_count = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, 0xFFFF));
  append_little<std::uint16_t>(body_, short_count);
  append_little<std::uint16_t>(body_, short_count);
  append_little<std::uint32_t>(body_, low_or_mark(size));
  append_little<std::uint32_t>(body_, low_or_mark(start));
  append_little<std::uint16_t>(body_, 0);
  entries_.clear();
  names_.clear();
  return std::exchange(body_, {});
}

}  // namespace ordo
