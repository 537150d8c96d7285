using System.Text.Json.Serialization;
using Overlay.Host.Files;
using Overlay.Lab.Processes;
using Overlay.Testing;

namespace Overlay.Host.Tests.Files;

/// <summary>The bounds of files that others write, at each bound and one byte beyond.</summary>
public sealed partial class BoundedFileTests : IDisposable
{
    private const int StateBound = 64 * 1024 * 1024;
    private const int SubnetBound = 64 * 1024;

    private readonly TempDirectory _directory = new();

    private string Path => _directory["file"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_file_at_its_bound_is_read_and_one_that_is_longer_is_named_with_its_length()
    {
        File.WriteAllText(Path, "\ufeff123456");
        BoundedFile.ReadText(Path, 9, "a test").ShouldBe("123456");
        FileTooLongException fault = Should.Throw<FileTooLongException>(() => BoundedFile.ReadText(Path, 8, "a test"));
        fault.Message.ShouldBe($"{Path} has 9 bytes, more than the 8 that a test may have");
        BoundedFile.ReadStart(Path, 4).ShouldBe([0xef, 0xbb, 0xbf, (byte)'1']);
        BoundedFile.ReadStart(Path, 100).Length.ShouldBe(9);
    }

    [Fact]
    public void A_file_that_is_none_is_the_error_of_any_reader()
    {
        Should.Throw<FileNotFoundException>(() => BoundedFile.Read(Path, 9, "a test"));
        Should.Throw<DirectoryNotFoundException>(() => BoundedFile.Read(_directory["no/file"], 9, "a test"));
        Should.Throw<UnauthorizedAccessException>(() => BoundedFile.Read(_directory.Path, 9, "a test"));
        _ = File.CreateSymbolicLink(Path, _directory["nowhere"]);
        Should.Throw<FileNotFoundException>(() => BoundedFile.Read(Path, 9, "a test"));
    }

    [Fact]
    public void A_pipe_and_a_device_are_not_waited_for_be_it_behind_a_link()
    {
        _ = Command.Require("mkfifo", Path);
        BoundedFile.Read(Path, 9, "a test").ShouldBeEmpty();
        _ = File.CreateSymbolicLink(_directory["link"], Path);
        BoundedFile.Read(_directory["link"], 9, "a test").ShouldBeEmpty();
        BoundedFile.Read("/dev/zero", 9, "a test").ShouldBeEmpty();
    }

    [Theory]
    [InlineData(StateBound, "invalid start of a value")]
    [InlineData(StateBound + 1, "more than the 67108864 that a state file may have")]
    public void A_state_file_has_a_bound(int length, string reason)
    {
        // With a hole for its content, which costs no disk.
        using (FileStream file = File.Create(Path)) file.SetLength(length);
        CollectingLogger<BoundedFileTests> log = new();
        new StateFile<string>(Path, TextJson.Default.String, "Nothing is known", log).Load().ShouldBeNull();
        log.Warnings.ShouldHaveSingleItem().ShouldContain(reason);
    }

    [Fact]
    public void A_subnet_file_has_a_bound()
    {
        const string sound = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\n#";
        File.WriteAllText(Path, sound.PadRight(SubnetBound, 'x'));
        SubnetFile.Read(Path).Mtu.ShouldBe(1450u);
        File.AppendAllText(Path, "x");
        Should.Throw<IOException>(() => SubnetFile.Read(Path)).Message
            .ShouldContain("65537 bytes, more than the 65536");
        SubnetFile.FindPodCidrs(Path).ShouldBeEmpty();
    }

    [JsonSerializable(typeof(string))]
    private sealed partial class TextJson : JsonSerializerContext;
}
