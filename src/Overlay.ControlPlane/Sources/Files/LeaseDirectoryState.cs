using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>The leases of a directory, which outlive bad files and the directory itself. Not thread-safe.</summary>
internal sealed class LeaseDirectoryState
{
    /// <summary>The most lease files of a directory.</summary>
    public const int MostFiles = 16_384;

    private const string Extension = ".json";

    private readonly string _directory;
    private readonly int _mostFiles;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SortedDictionary<string, LeaseFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileStamp> _stamps = new(StringComparer.Ordinal);
    private readonly SaidOnce _directoryProblem = new();
    private volatile IReadOnlyDictionary<string, string> _problems = new Dictionary<string, string>();
    private volatile StoreStatus _status = StoreStatus.Initial;

    /// <param name="directory">The directory.</param>
    /// <param name="time">Clock of its state.</param>
    /// <param name="logger">Logs bad files.</param>
    /// <param name="mostFiles">The most lease files that it may have.</param>
    public LeaseDirectoryState(string directory, TimeProvider time, ILogger logger, int mostFiles = MostFiles)
    {
        _mostFiles = mostFiles;
        _directory = directory;
        _time = time;
        _logger = logger;
    }

    /// <summary>Files or the directory, each with its problem. Any thread may read it.</summary>
    public IReadOnlyDictionary<string, string> Problems => _problems;

    /// <summary>Whether the directory could be read the last time. Any thread may read it.</summary>
    public StoreStatus Status => _status;

    /// <summary>The directory could be read at least once, so an empty one means no leases.</summary>
    public bool WasRead { get; private set; }

    /// <summary>The last scan found at least one file that could be a lease.</summary>
    public bool HasFiles { get; private set; }

    /// <summary>In the order of their nodes' names.</summary>
    public IReadOnlyList<Lease> Leases => [.. _files.Values.Select(static file => file.Lease).OfType<Lease>()];

    public string PathOf(string node) => Path.Combine(_directory, node + Extension);

    /// <summary>Takes leases as if they had been read: their files may be damaged or gone by now.</summary>
    public void Remember(IReadOnlyList<Lease> known)
    {
        foreach (Lease lease in known) _ = _files.TryAdd(lease.Node, LeaseFile.New with { Lease = lease });
    }

    /// <summary>Looks at every file again, and reads those that have changed.</summary>
    /// <param name="mayForget">
    /// Asked once for a readable directory: true when files that are missing count as gone.
    /// </param>
    public void Scan(Func<bool> mayForget)
    {
        HasFiles = false;
        if (TryList(out HashSet<string> present))
        {
            // A file renamed over while the directory is being listed may be in no part of the list: known names are
            // looked up by themselves before they count as gone.
            HashSet<string> names = [.. present, .. _files.Keys];
            List<string> gone = [];
            foreach (string node in names)
            {
                // Before the read: a file written meanwhile has another stamp at the next look.
                FileStamp? stamp = FileStamp.Of(PathOf(node), _time.GetUtcNow().UtcDateTime);
                if (stamp is not null && _stamps.TryGetValue(node, out FileStamp before) && before == stamp) continue;
                LeaseFileContent content = NodeName.IsValidForFile(node) ? LeaseFileContent.Read(PathOf(node))
                    : present.Contains(node) ? LeaseFileContent.Misnamed(node) : default;
                if (content.IsAbsent) gone.Add(node);
                else Take(node, content);
                if (content.Bytes is not null && stamp is { } read) _stamps[node] = read;
                else _ = _stamps.Remove(node);
            }

            WasRead = true;
            _status = new(StoreState.Connected, _time.GetUtcNow(), null);
            HasFiles = names.Count > gone.Count;
            Forget(gone, mayForget());
        }

        else if (WasRead) _status = _status with { State = StoreState.Disconnected };

        Dictionary<string, string> problems = [];
        if (_directoryProblem.Problem is { } ofDirectory) problems[_directory] = ofDirectory;
        foreach ((string node, LeaseFile file) in _files)
        {
            if (file.Problem is not null) problems[PathOf(node)] = file.Problem;
        }

        _problems = problems;
    }

    private bool TryList(out HashSet<string> nodes)
    {
        nodes = new(StringComparer.Ordinal);
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(_directory))
            {
                // A leading dot is how publishers hide a file they are still writing.
                string name = Path.GetFileName(path);
                if (name.EndsWith(Extension, StringComparison.Ordinal) && !name.StartsWith('.'))
                    _ = nodes.Add(name[..^Extension.Length]);
                if (nodes.Count > _mostFiles)
                {
                    SayOfDirectory($"has more than {_mostFiles} lease files, and is not read: a node has one");
                    return false;
                }
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            SayOfDirectory($"cannot be read: {e.Message.TrimEnd('.')}");
            return false;
        }
    }

    private void Take(string node, LeaseFileContent content)
    {
        LeaseFile before = _files.GetValueOrDefault(node, LeaseFile.New);
        LeaseFile now = before.Next(node, content);
        if (ReferenceEquals(before, now)) return;
        _files[node] = now;
        if (now.Problem is not null)
        {
            _logger.LeaseFileNotTaken(
                PathOf(node), now.Problem,
                now.Lease is null ? "Nothing is known of that node" : "The lease read before stays in force");
        }
        else if (before.Problem is not null) _logger.LeaseFileIsSound(PathOf(node));
    }

    private void Forget(List<string> gone, bool believed)
    {
        if (gone.Count > 0 && !believed)
        {
            SayOfDirectory(
                "lacks leases that were known, and lacked this node's own, as a directory that is not mounted would");
            return;
        }

        foreach (string node in gone) _ = _files.Remove(node);
        if (_directoryProblem.End()) _logger.DirectoryIsSound(_directory);
    }

    private void SayOfDirectory(string problem)
    {
        if (_directoryProblem.Begin(problem)) _logger.DirectoryHasProblem(_directory, problem, Leases.Count);
    }
}
