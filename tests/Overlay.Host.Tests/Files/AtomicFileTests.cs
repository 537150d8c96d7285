using Overlay.Host.Files;
using Overlay.Testing;

namespace Overlay.Host.Tests.Files;

public sealed class AtomicFileTests
{
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    [Fact]
    public void A_disk_that_is_full_keeps_the_old_content_and_no_draft()
    {
        using SmallDisk disk = new();
        string path = Path.Combine(disk.Path, "file");
        AtomicFile.Write(path, "old"u8);
        disk.Fill();
        _ = Should.Throw<IOException>(() => AtomicFile.Write(path, "new"u8));
        _ = Should.Throw<IOException>(() => AtomicFile.Replace(path, path + ".half", "new"u8));
        File.ReadAllText(path).ShouldBe("old");
        Directory.GetFiles(disk.Path).Select(Path.GetFileName).ShouldBe(["file", "filling"], ignoreOrder: true);
    }

    [Fact]
    public void The_mode_is_whole_whatever_the_umask_is()
    {
        using TempDirectory directory = new();
        AtomicFile.Write(directory["file"], "text"u8, Mode);
        File.GetUnixFileMode(directory["file"]).ShouldBe(Mode);
        File.ReadAllText(directory["file"]).ShouldBe("text");
    }
}
