using Overlay.Lab.Processes;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>The program under the name that the init container of flannel's DaemonSet calls.</summary>
public sealed class FlannelInstallConfTests : IDisposable
{
    private const string Conflist = """{"name":"cbr0","plugins":[]}""";
    private const UnixFileMode Permissions = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly TempDirectory _directory = new();

    [Fact]
    public void The_configuration_of_the_ConfigMap_is_copied_into_the_runtimes_directory()
    {
        // As kubelet lays out a ConfigMap: the file is a link into another directory.
        _ = Directory.CreateDirectory(_directory["..data"]);
        File.WriteAllText(_directory["..data/cni-conf.json"], Conflist);
        File.SetUnixFileMode(_directory["..data/cni-conf.json"], Permissions);
        _ = File.CreateSymbolicLink(_directory["cni-conf.json"], "..data/cni-conf.json");
        string destination = _directory["net.d/10-flannel.conflist"];
        _ = Directory.CreateDirectory(_directory["net.d"]);
        File.WriteAllText(destination, "an older and much longer configuration than the one that follows");

        Run(_directory["cni-conf.json"], destination).EnsureSuccess();
        File.ReadAllText(destination).ShouldBe(Conflist);
        File.GetUnixFileMode(destination).ShouldBe(Permissions);
        Directory.GetFiles(_directory["net.d"]).ShouldBe([destination]);
        new FileInfo(destination).LinkTarget.ShouldBeNull();
    }

    [Fact]
    public void A_source_that_is_missing_leaves_the_destination_as_it_is()
    {
        string destination = _directory["10-flannel.conflist"];
        File.WriteAllText(destination, Conflist);
        CommandResult result = Run(_directory["missing"], destination);
        result.ExitCode.ShouldBe(1);
        result.Error.ShouldContain(_directory["missing"]);
        File.ReadAllText(destination).ShouldBe(Conflist);
    }

    [Fact]
    public void Other_arguments_and_a_directory_are_told_with_an_example()
    {
        CommandResult result = Run("--help");
        result.ExitCode.ShouldBe(1);
        result.Error.ShouldContain("install-conf takes a source and a destination, as install-conf /etc/kube-flannel/");

        File.WriteAllText(_directory["cni-conf.json"], Conflist);
        result = Run(_directory["cni-conf.json"], _directory[""]);
        result.ExitCode.ShouldBe(1);
        result.Error.ShouldContain("is a directory; name the file, as ");
    }

    public void Dispose() => _directory.Dispose();

    private CommandResult Run(params string[] arguments)
    {
        string program = _directory["install-conf"];
        if (!File.Exists(program)) _ = File.CreateSymbolicLink(program, ProductBinary.Find("overlayd"));
        return Command.Run(Command.DefaultLimit, program, arguments, environment: ProductBinary.Environment);
    }
}
