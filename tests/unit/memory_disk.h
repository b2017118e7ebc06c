#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/overloaded.h"
#include "core/rng.h"
#include "core/wal.h"

namespace kv {

/// A disk for tests: what was not synced survives a crash in any combination of 512-byte sectors;
/// name changes survive as a prefix. A saved snapshot is durable at once.
class MemoryDisk {
 public:
  void execute(const DiskOperation& operation) {
    std::visit(Overloaded{
                   [&](const CreateFile& o) {
                     File& file = *(names_[o.name] = std::make_shared<File>());
                     write(file, 0, std::string(o.size_bytes, '\0'));
                     name_history_.push_back(names_);
                   },
                   [&](const WriteAt& o) { write(*names_.at(o.name), o.offset, o.data); },
                   [&](const SyncFile& o) {
                     File& file = *names_.at(o.name);
                     file.durable = file.content;
                     file.pending.clear();
                   },
                   [&](const RenameFile& o) {
                     names_[o.to] = names_.at(o.from);
                     names_.erase(o.from);
                     name_history_.push_back(names_);
                   },
                   [&](const RemoveFile& o) {
                     CHECK(names_.erase(o.name) == 1);
                     name_history_.push_back(names_);
                   },
                   [&](const SyncDirectory&) { name_history_ = {names_}; },
                   [&](const SaveSnapshot& o) { save(o.snapshot); },
               },
               operation);
  }

  void execute(const std::vector<DiskOperation>& operations) {
    for (const DiskOperation& operation : operations) execute(operation);
  }

  void save(const SnapshotPtr& snapshot) {
    if (!snapshot_ || snapshot_->last_index < snapshot->last_index) snapshot_ = snapshot;
  }

  void crash(Rng& rng) {
    names_ = name_history_[rng.below(name_history_.size())];
    const std::uint64_t survival_percent = rng.below(5) * 25;
    for (const auto& [name, file] : names_) {
      for (const auto& [offset, data] : std::exchange(file->pending, {})) {
        for (std::size_t at = 0; at < data.size();) {
          const std::size_t size = std::min(data.size() - at, kSector - (offset + at) % kSector);
          if (rng.below(100) < survival_percent) {
            put(file->durable, offset + at, std::string_view(data).substr(at, size));
          }
          at += size;
        }
      }
      file->content = file->durable;
    }
    name_history_ = {names_};
  }

  std::vector<Wal::File> files() const {
    std::vector<Wal::File> files;
    for (const auto& [name, file] : names_) {
      if (Wal::is_segment_name(name)) files.push_back({name, file->content});
    }
    return files;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, file] : names_) names.push_back(name);
    return names;
  }

  std::string& content(const std::string& name) { return names_.at(name)->content; }
  const SnapshotPtr& snapshot() const { return snapshot_; }

 private:
  static constexpr std::size_t kSector = 512;

  struct File {
    std::string durable{};
    std::string content{};
    std::vector<std::pair<std::size_t, std::string>> pending{};
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;

  static void put(std::string& bytes, std::size_t offset, std::string_view data) {
    if (bytes.size() < offset + data.size()) bytes.resize(offset + data.size(), '\0');
    bytes.replace(offset, data.size(), data);
  }

  static void write(File& file, std::size_t offset, const std::string& data) {
    put(file.content, offset, data);
    file.pending.emplace_back(offset, data);
  }

  Names names_{};
  std::vector<Names> name_history_{Names{}};  ///< the durable names, then every change since
  SnapshotPtr snapshot_{};
};

}  // namespace kv
