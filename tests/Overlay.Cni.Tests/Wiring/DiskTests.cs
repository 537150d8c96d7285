using Overlay.Testing;

namespace Overlay.Cni.Tests;

/// <summary>Disks that cannot be written.</summary>
public sealed class DiskTests : IDisposable
{
    private readonly WiredNode _node = new();
    private readonly SmallDisk _disk = new();

    public void Dispose()
    {
        _disk.Dispose();
        _node.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_full_disk_is_one_clear_error_and_nothing_is_half_made(bool ofState)
    {
        string configuration = Configuration(ofState);
        Refuses("No space left on device");
        _disk.MakeRoom();
        _node.Add(configuration);

        // What goes needs no room.
        _disk.Fill();
        _node.Call("DEL", configuration).ShouldBe((0, ""));
        Left().ShouldBeEmpty();

        void Refuses(string cause)
        {
            // Once with nothing there yet, and once where all but the file is.
            foreach (bool again in new[] { false, true })
            {
                if (again)
                {
                    _disk.MakeRoom();
                    _node.Add(configuration, 2);
                    _node.Call("DEL", configuration, 2).ShouldBe((0, ""));
                }

                _disk.Fill();
                RefusesToAdd(configuration, cause);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_read_only_disk_is_one_clear_error_and_DEL_does_what_it_can(bool ofState)
    {
        string configuration = Configuration(ofState);
        _disk.SetReadOnly(true);
        RefusesToAdd(configuration, "Read-only file system");
        _disk.SetReadOnly(false);
        _node.Add(configuration);

        _disk.SetReadOnly(true);
        (int exitCode, string output) = _node.Call("DEL", configuration);
        exitCode.ShouldBe(1);
        output.ShouldContain("\"code\":5,");
        output.ShouldContain("Read-only file system");
        output.ShouldContain(_disk.Path);
        _node.PodAddresses().ShouldBeEmpty();
        _disk.SetReadOnly(false);
        _node.Call("DEL", configuration).ShouldBe((0, ""));
        Left().ShouldBeEmpty();
    }

    private string Configuration(bool ofState) =>
        _node.Configuration(state: ofState ? Below("records") : null, data: ofState ? null : Below("data"));

    private string Below(string name) => Path.Combine(_disk.Path, name);

    private void RefusesToAdd(string configuration, string cause)
    {
        (int exitCode, string output) = _node.Call("ADD", configuration);
        exitCode.ShouldBe(1);
        output.ShouldContain("\"code\":5,");
        output.ShouldContain(cause);
        output.ShouldContain(_disk.Path);
        output.ShouldNotContain("not undone");
        Left().ShouldBeEmpty();
    }

    private IEnumerable<string> Left() => _node.Left()
        .Concat(Files(Below("records")).Where(static path => Path.GetFileName(path) != "operations")).Concat(
        Files(Below("data/net")).Where(static path => Path.GetFileName(path) is not "lock" and var name
            && !name.StartsWith("last_reserved_ip.", StringComparison.Ordinal)));

    private static string[] Files(string directory) => Directory.Exists(directory) ? Directory.GetFiles(directory) : [];
}
