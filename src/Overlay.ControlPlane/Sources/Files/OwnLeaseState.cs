using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Host.Files;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>The file this node published, and whether it is still where it was put. Thread-safe.</summary>
internal sealed class OwnLeaseState
{
    // Whatever the daemon gives its other files: on a shared file system peers read it, as users of other numbers.
    private const UnixFileMode Permissions =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly TimeSpan _rescanInterval;
    private readonly ILogger _logger;
    private readonly OwnLeaseWitness _witness;
    private readonly Lock _gate = new();
    private string? _file;
    private byte[] _content = [];
    private bool _isWritten;
    private volatile OwnLeaseProblem? _problem;

    public OwnLeaseState(TimeSpan rescanInterval, TimeProvider time, ILogger logger)
    {
        _rescanInterval = rescanInterval;
        _logger = logger;
        _witness = new(time);
    }

    /// <summary>Why the own lease is not in the directory; null when it is, or none was published.</summary>
    public OwnLeaseProblem? Problem => _problem;

    public void Publish(string file, byte[] content)
    {
        lock (_gate)
        {
            // Into a directory that was lost meanwhile: it may be made anew here, and then lacks everyone else's.
            if (file == _file && _isWritten && !File.Exists(file)) _witness.Missed(_rescanInterval);
            if (_file is null) _witness.FirstPublished(wasThere: File.Exists(file));
            _file = file;
            _content = content;
            _isWritten = false;
            _problem = new(file, "this node's own lease is not written yet");

            // The same bytes again would only make every peer look.
            if (!content.AsSpan().SequenceEqual(LeaseFileContent.Read(file).Bytes))
                AtomicFile.Write(file, content, Permissions);
            _isWritten = true;
            _problem = null;
        }
    }

    public void Withdraw(string file)
    {
        lock (_gate)
        {
            bool isForeign = file == _file && Foreign(file) is not null;
            if (file == _file) (_file, _problem) = (null, null);
            if (isForeign) return;
            if (Directory.Exists(Path.GetDirectoryName(file))) File.Delete(file);
        }
    }

    /// <summary>
    /// The directory may not be the one of the last run, until the own lease has been in it for that long.
    /// </summary>
    public void Doubt(TimeSpan grace)
    {
        lock (_gate)
        {
            if (_file is null) _witness.Missed(grace);
        }
    }

    /// <summary>The directory still is the one this node published to, and has been for long enough.</summary>
    public bool IsInPlace()
    {
        lock (_gate)
        {
            if (_file is null || !_isWritten) return !_witness.IsDoubted;
            if (!File.Exists(_file)) _witness.Missed(_rescanInterval);
            return _witness.Seen();
        }
    }

    /// <summary>Writes the own lease again if it is gone or damaged.</summary>
    /// <remarks>
    /// Not into a directory that is empty, which may be no store at all; and not over another host's, which uses this
    /// node's name: two that overwrite each other help nobody, and an operator has to hear of it.
    /// </remarks>
    public void Restore(bool hasOthers)
    {
        lock (_gate)
        {
            if (_file is null || IsOwn(_file)) return;
            if (Foreign(_file) is { } foreign)
            {
                Report($"another host uses the node name {foreign.Node}: it has written "
                    + $"{string.Join(" and ", foreign.PublicAddresses)} there, and peers now send to it");
                return;
            }

            if (_isWritten && !hasOthers && !File.Exists(_file)) return;
            try
            {
                AtomicFile.Write(_file, _content, Permissions);
                _isWritten = true;
                _problem = null;
                _logger.OwnLeaseRestored(_file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Report($"this node's own lease cannot be written: {e.Message}");
            }
        }
    }

    private bool IsOwn(string file)
    {
        if (!LeaseFileContent.Read(file).Bytes.AsSpan().SequenceEqual(_content)) return false;
        if (_isWritten) _problem = null;
        return true;
    }

    // The sound lease of somebody else in our file.
    private Lease? Foreign(string file) =>
        LeaseFileContent.Read(file).Bytes is { } bytes && !bytes.AsSpan().SequenceEqual(_content)
        && LeaseJson.TryParse(Path.GetFileNameWithoutExtension(file), bytes, out Lease? lease, out _)
            ? lease
            : null;

    private void Report(string message)
    {
        if (_problem?.Message == message) return;
        _problem = new(_file!, message);
        _logger.OwnLeaseHasProblem(_file!, message);
    }
}

/// <summary>Why this node's own lease is not where peers could read it. Immutable.</summary>
internal sealed record OwnLeaseProblem(string File, string Message);
